/* domain/draw_stats.c - textbook tests, in doubles. */
#include "domain/draw_stats.h"

#include <math.h>

#define STEPS_MAX 100000
#define CLOSE 1e-15
#define CELL_MIN 5.0

/* e^-x x^a / Gamma(a) */
static double gamma_front(double a, double x)
{
	return exp(a * log(x) - x - lgamma(a));
}

/* 1 - P, P by its series: quick for x below a. */
static double gamma_series(double a, double x)
{
	double term = 1 / a, sum = term;

	for (int i = 1; i < STEPS_MAX && term > sum * CLOSE; i++) {
		term *= x / (a + i);
		sum += term;
	}
	return 1 - sum * gamma_front(a, x);
}

/* Q by its continued fraction, evaluated from the front (Lentz). */
static double gamma_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;

	for (int i = 1; i < STEPS_MAX; i++) {
		double an = -i * (i - a), step;

		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
		c = b + an / c;
		c = fabs(c) < 1e-300 ? 1e-300 : c;
		step = c * d;
		h *= step;
		if (fabs(step - 1) < CLOSE)
			break;
	}
	return h * gamma_front(a, x);
}

double stats_gamma_q(double a, double x)
{
	double q;

	if (x <= 0)
		return 1;
	q = x < a + 1 ? gamma_series(a, x) : gamma_fraction(a, x);
	return q < 0 ? 0 : q > 1 ? 1 : q;
}

struct chi_square stats_chi_square(const double *observed,
				   const double *expected, size_t n,
				   double factor)
{
	struct chi_square found = { .p = 1 };
	double few_observed = 0, few_expected = 0;
	int64_t cells = 0;

	for (size_t i = 0; i < n; i++) {
		double apart = observed[i] - expected[i];

		if (expected[i] < CELL_MIN) {
			few_observed += observed[i];
			few_expected += expected[i];
			continue;
		}
		found.x2 += apart * apart / expected[i];
		cells++;
	}
	if (few_expected > 0) {
		double apart = few_observed - few_expected;

		found.x2 += apart * apart / few_expected;
		cells++;
	}
	if (cells < 2 || factor <= 0) {
		found.x2 = 0;
		return found;
	}
	found.x2 /= factor;
	found.df = cells - 1;
	found.p = stats_gamma_q((double)found.df / 2, found.x2 / 2);
	return found;
}

void stats_runs_add(struct runs *r, const unsigned char *row, size_t n)
{
	double n1 = 0, n2, expected;
	int64_t seen = n > 0;

	for (size_t i = 0; i < n; i++) {
		n1 += row[i] != 0;
		seen += i > 0 && !row[i] != !row[i - 1];
	}
	n2 = (double)n - n1;
	if (n1 < 1 || n2 < 1)
		return;
	expected = 2 * n1 * n2 / (double)n + 1;
	r->rows++;
	r->seen += seen;
	r->expected += expected;
	r->variance += (expected - 1) * (expected - 2) / ((double)n - 1);
}

double stats_runs_z(const struct runs *r, double *p)
{
	double z;

	*p = 1;
	if (r->variance <= 0)
		return 0;
	z = ((double)r->seen - r->expected) / sqrt(r->variance);
	*p = erfc(fabs(z) / sqrt(2));
	return z;
}

double stats_largest(int64_t count, double mean, double among)
{
	double p;

	if (count <= 0 || mean <= 0)
		return 1;
	/* P(X >= c) of Poisson(m) is P(c, m) = 1 - Q(c, m). Far out in the
	 * tail the difference is lost, its first terms are not. */
	p = 1 - stats_gamma_q((double)count, mean);
	if (p < 1e-6) {
		double term = exp((double)count * log(mean) - mean -
				  lgamma((double)count + 1));

		p = 0;
		for (int64_t k = count + 1; term > p * CLOSE; k++) {
			p += term;
			term *= mean / (double)k;
		}
	}
	p *= among;
	return p > 1 ? 1 : p;
}
