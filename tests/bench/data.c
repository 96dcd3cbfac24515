/* data.c - rows like those of a county's register, from a seed. */
#include "bench.h"

#include <ctype.h>

static const char code_digits[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
static const char *const surnames[] = {
	"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周",
	"徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗",
};
static const char *const words[] = {
	"华", "信", "达", "昌", "盛", "宏", "远", "瑞", "丰", "恒",
	"泰", "嘉", "德", "安", "康", "鑫", "利", "源", "博", "雅",
};
static const char *const industries[] = {
	"餐饮服务",     "食品生产",   "药品经营",   "特种设备使用",
	"医疗器械经营", "化妆品经营", "农产品批发", "成品油零售",
	"住宿服务",     "美容美发",
};
static const char *const districts[] = {
	"上城区", "拱墅区", "西湖区", "滨江区",
	"萧山区", "余杭区", "临平区", "钱塘区",
};
static const char *const grades[] = { "A", "B", "C", "D", "M" };

#define PICK(list, r) ((list)[pick((r), sizeof(list) / sizeof(*(list)))])

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators" (2014). */
static uint64_t next(uint64_t *r)
{
	uint64_t z = *r += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t pick(uint64_t *r, size_t n)
{
	return (size_t)(next(r) % n);
}

static void code_make(size_t i, char code[19])
{
	uint64_t r = i * 2 + 1;

	snprintf(code, 19, "91%06zu", 110000 + pick(&r, 900000));
	for (int at = 8; at < 18; at++)
		code[at] = code_digits[pick(&r, 31)];
	code[18] = '\0';
}

void row_id(size_t i, char id[33])
{
	char code[19];

	code_make(i, code);
	for (int at = 0; at < 19; at++)
		id[at] = (char)tolower((unsigned char)code[at]);
}

static void words_add(char *out, size_t size, uint64_t *r, size_t n)
{
	while (n-- > 0) {
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s", PICK(words, r));
	}
}

json_t *row_make(size_t i, char id[33])
{
	uint64_t r = i * 2;
	const char *industry = PICK(industries, &r),
		   *district = PICK(districts, &r);
	char code[19], name[160] = "", address[200], phone[16], town[8],
		       person[32];
	size_t len;

	row_id(i, id);
	code_make(i, code);
	words_add(name, sizeof(name), &r, 4);
	len = strlen(name);
	snprintf(name + len, sizeof(name) - len, "%s有限公司第%zu分店",
		 industry, 1 + pick(&r, 399));
	snprintf(address, sizeof(address), "杭州市%s", district);
	words_add(address, sizeof(address), &r, 3);
	len = strlen(address);
	snprintf(address + len, sizeof(address) - len,
		 "路%zu号院%zu号楼%zu层%zu室", 1 + pick(&r, 899),
		 1 + pick(&r, 39), 1 + pick(&r, 29), 100 + pick(&r, 2900));
	snprintf(phone, sizeof(phone), "1%010zu",
		 pick(&r, (size_t)10000000000));
	snprintf(town, sizeof(town), "%03zu", 1 + i % 10);
	snprintf(person, sizeof(person), "%s", PICK(surnames, &r));
	words_add(person, sizeof(person), &r, 1 + pick(&r, 2));
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:s, "
		"s:s}",
		"town", town, "uscc", code, "name", name, "address", address,
		"district", district, "industry", industry, "risk_level",
		(json_int_t)(1 + pick(&r, 4)), "credit_grade", PICK(grades, &r),
		"latitude",
		(json_int_t)(299000000 + (int64_t)pick(&r, 1600000) * 10),
		"longitude",
		(json_int_t)(1194000000 + (int64_t)pick(&r, 2000000) * 10),
		"updated_at",
		(json_int_t)(INT64_C(1767225600000) +
			     (int64_t)pick(&r, (size_t)26000000000)),
		"phone", phone, "legal_person", person);
}

void edits_pick(struct edit_set *e, size_t n)
{
	unsigned char *taken = calloc(n, 1);
	uint64_t r = 42;

	for (size_t i = 0; taken && i < EDITS_ALL;) {
		size_t row = pick(&r, n);

		if (taken[row])
			continue;
		taken[row] = 1;
		e->rows[i++] = row;
	}
	free(taken);
}

size_t edit_server_row(const struct edit_set *e, size_t i)
{
	return e->rows[i < EDITS_BOTH ? i
				      : i - EDITS_BOTH + BENCH_EDITS_TABLET];
}

void edit_tablet_sql(char *out, size_t size, const char *table, size_t i,
		     const char *id)
{
	if (i < 10)
		snprintf(out, size, "UPDATE %s SET risk_level=9 WHERE id='%s'",
			 table, id);
	else if (i < EDITS_BOTH)
		snprintf(out, size,
			 "UPDATE %s SET credit_grade='T%zu' WHERE id='%s'",
			 table, i - 10, id);
	else
		snprintf(out, size,
			 "UPDATE %s SET risk_level=%zu, legal_person='终端%zu' "
			 "WHERE id='%s'",
			 table, 5 + i % 4, i, id);
}

void edit_server_sql(char *out, size_t size, const char *table, size_t i,
		     const char *id)
{
	if (i < 10)
		snprintf(out, size,
			 "UPDATE %s SET phone='019%08zu' WHERE id='%s'", table,
			 i, id);
	else if (i < EDITS_BOTH)
		snprintf(out, size,
			 "UPDATE %s SET credit_grade='S%zu' WHERE id='%s'",
			 table, i - 10, id);
	else
		snprintf(out, size,
			 "UPDATE %s SET phone='018%08zu', credit_grade='E' "
			 "WHERE id='%s'",
			 table, i - EDITS_BOTH, id);
}

void edit_server_json(json_t *record, size_t i)
{
	char text[32];

	if (i < 10 || i >= EDITS_BOTH) {
		snprintf(text, sizeof(text), "%s%08zu", i < 10 ? "019" : "018",
			 i < 10 ? i : i - EDITS_BOTH);
		json_object_set_new(record, "phone", json_string(text));
	}
	if (i >= 10) {
		snprintf(text, sizeof(text), "S%zu", i - 10);
		if (i >= EDITS_BOTH)
			snprintf(text, sizeof(text), "E");
		json_object_set_new(record, "credit_grade", json_string(text));
	}
}
