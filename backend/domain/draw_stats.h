/* domain/draw_stats.h - the textbook tests that the report on draws uses.
 *
 *   chi-square    X2 = sum (observed - expected)^2 / expected, with df = cells
 *                 - 1 (K. Pearson, 1900). Cells with an expectation below 5 are
 *                 put together (W. Cochran, "Some Methods for Strengthening the
 *                 Common Chi-Square Tests", 1954).
 *   correction    n of N drawn without replacement: the variance of a cell is
 *                 (N - n) / (N - 1) of that with replacement (W. Cochran,
 *                 "Sampling Techniques", finite population correction), so X2
 *                 is divided by that factor.
 *   p of X2       Q(df/2, X2/2), the upper incomplete gamma function, by series
 *                 and continued fraction (Abramowitz and Stegun, 6.5.29 and
 *                 6.5.31).
 *   runs          of n1 and n2 in a row, R runs: E = 2 n1 n2 / n + 1, V =
 *                 (E - 1)(E - 2) / (n - 1), z = (R - E) / sqrt V (A. Wald and
 *                 J. Wolfowitz, 1940); p = erfc(|z| / sqrt 2), both sides.
 *   counts        P(X >= c) of a Poisson variable (S. Poisson, 1837), times the
 *                 number of counts that it is the largest of (C. Bonferroni,
 *                 1936), at most 1.
 *
 * Pure. Results are finite; what cannot be tested has df 0 or p 1. */
#ifndef DOMAIN_DRAW_STATS_H
#define DOMAIN_DRAW_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Q(a, x), a > 0, x >= 0. */
double stats_gamma_q(double a, double x);

struct chi_square {
	double x2, p;
	int64_t df; /* 0: fewer than two cells, nothing to test */
};
/* Of n cells; `factor` is the correction, 1 for none. */
struct chi_square stats_chi_square(const double *observed,
				   const double *expected, size_t n,
				   double factor);

/* Sums over independent rows of signs. */
struct runs {
	int64_t rows, seen;
	double expected, variance;
};
/* Add one row of n signs; one that is all alike says nothing. */
void stats_runs_add(struct runs *r, const unsigned char *row, size_t n);
/* z, and *p of both sides. */
double stats_runs_z(const struct runs *r, double *p);

/* P(X >= count) for the largest of `among` counts with this mean. */
double stats_largest(int64_t count, double mean, double among);

#endif
