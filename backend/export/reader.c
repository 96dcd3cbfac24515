/* export/reader.c - who may have which records: as the lists of the API have
 * them. */
#include "export/export_impl.h"

#include "base/jcs.h"

/* Reference data of the catalog is read by everybody who has the role. */
enum rc reader_check(const struct export_job *job, const struct kind *k,
		     struct err *err)
{
	const struct account *a = job->actor;
	unsigned readers = k == &export_results ? ~0u : k->readers;
	bool may = k->is_catalog ? (a->roles & (readers | ROLE_SERVER)) != 0
				 : account_may(a, readers, job->scope);

	if (!may)
		return err_set(err, RC_DENIED,
			       "account '%s' may not read '%s' of '%s'",
			       a->name, k->name, job->scope);
	if (k->is_sealed && !job->private)
		return err_set(err, RC_DENIED,
			       "'%s' is personal data: it is exported only "
			       "when asked for as private",
			       k->name);
	return RC_OK;
}

bool reader_is_choosy(const struct export_job *job, const struct kind *k)
{
	return kind_field(k, "record_kind") ||
	       (job->actor->agency[0] &&
		(kind_field(k, "agency") || store_whose(k)));
}

enum rc reader_may(const struct export_job *job, const struct reader_row *row,
		   bool *may, struct err *err)
{
	const struct account *a = job->actor;
	const struct kind *about =
		row->record_kind
			? registry_kind(job->store->kinds, row->record_kind)
			: NULL;

	*may = account_may_agency(a, row->agency);
	if (!about || !*may)
		return RC_OK;
	*may = (a->roles & (about->readers | ROLE_SERVER)) != 0;
	return *may && row->record_id && kind_field(about, "agency")
		       ? store_may_agency_of(job->store, a, job->scope,
					     about->name, row->record_id, may,
					     err)
		       : RC_OK;
}
