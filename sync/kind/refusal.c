/* kind/refusal.c - one row a code. */
#include "kind/refusal.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *code, *en, *zh;
} refusals[] = {
	{ "author", "the author is not who the enrolment says",
	  "作者与终端登记的人员不符" },
	{ "revoked", "the terminal had been revoked", "终端已被注销" },
	{ "role",
	  "the author's role may not write this kind, or not make such a "
	  "record",
	  "作者的角色不能写这类记录，或不能新建这样的记录" },
	{ "field",
	  "a field was changed that the author's role may not write, or that "
	  "is set once",
	  "改动了作者的角色不能写的字段，或只能写一次的字段" },
	{ "scope", "the record belongs to another scope",
	  "记录属于另一个区划" },
	{ "invalid", "a value breaks the kind's rules",
	  "有值不符合该类记录的规则" },
	{ "state",
	  "the kind's table of states has no such move, or the record no "
	  "longer changes",
	  "状态表中没有这一步，或记录已不能再改" },
	{ "unknown_kind", "the server does not know this kind",
	  "服务器不认识这类记录" },
	{ "no_key", "the key of the sealed record is not there",
	  "没有加密记录的密钥" },
	{ "id_taken", "another record has this id", "编号已被另一条记录占用" },
	{ "missing", "it changes a record that its base does not have",
	  "改动的记录在其基础版本中不存在" },
	{ "after_quarantine",
	  "an earlier change of this record is in quarantine",
	  "同一记录此前的改动已被隔离" },
	{ "refers", "it refers to a new record that is in quarantine",
	  "引用了已被隔离的新记录" },
	{ "owner", "the record is another's: only its author changes it",
	  "记录是他人的，只有其作者可以修改" },
	{ "twin", "another record has the same values where no two may",
	  "另一条记录有相同的值，而两者不能并存" },
	{ "disputed",
	  "officers disagree on a point of the visit that was to be signed",
	  "要签署的检查中，人员对某一检查项有分歧" },
	{ "adopts",
	  "what it adopts or rejects is not there to be adopted or rejected by "
	  "this author",
	  "所采纳或退回的内容不能由该作者处理" },
	{ "unsigned",
	  "it was on a terminal that was wiped, and its officer had not signed "
	  "it",
	  "终端清除时尚未由人员签名的改动" },
};

const char *refusal_says(const char *code, bool in_chinese)
{
	for (size_t i = 0; code && i < sizeof(refusals) / sizeof(*refusals);
	     i++)
		if (!strcmp(code, refusals[i].code))
			return in_chinese ? refusals[i].zh : refusals[i].en;
	return "";
}
