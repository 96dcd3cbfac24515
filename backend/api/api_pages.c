/* api/api_pages.c - the document as one page for people: no script, nothing
 * loaded from elsewhere. */
#include "api/handlers.h"

#include <string.h>

#include "base/jcs.h"

/* Escaped; what stands between backticks is code. */
static void text(struct buf *b, const char *s)
{
	bool is_code = false;

	for (; s && *s; s++) {
		switch (*s) {
		case '`':
			buf_puts(b, is_code ? "</code>" : "<code>");
			is_code = !is_code;
			break;
		case '<': buf_puts(b, "&lt;"); break;
		case '>': buf_puts(b, "&gt;"); break;
		case '&': buf_puts(b, "&amp;"); break;
		case '"': buf_puts(b, "&quot;"); break;
		default: buf_byte(b, *s);
		}
	}
}

static void tagged(struct buf *b, const char *tag, const char *s)
{
	buf_printf(b, "<%s>", tag);
	text(b, s);
	buf_printf(b, "</%s>", tag);
}

/* "integer, 1 to 1000", "Id", "string" */
static void schema_say(struct buf *b, const json_t *schema)
{
	const char *ref = json_text(schema, "$ref");
	const json_t *values = json_object_get(schema, "enum"), *one;
	const json_t *type = json_object_get(schema, "type");
	const char *name = ref ? strrchr(ref, '/') + 1 : NULL;
	size_t i;

	if (name) {
		buf_printf(b, "<a href=\"#schema-%s\">%s</a>", name, name);
		return;
	}
	if (json_is_string(type))
		text(b, json_string_value(type));
	json_array_foreach(type, i, one)
	{
		buf_puts(b, i ? " or " : "");
		text(b, json_string_value(one));
	}
	if (json_text(schema, "format"))
		buf_printf(b, " (%s)", json_text(schema, "format"));
	if (json_object_get(schema, "items")) {
		buf_puts(b, " of ");
		schema_say(b, json_object_get(schema, "items"));
	}
	json_array_foreach(values, i, one)
	{
		buf_puts(b, i ? ", " : ": ");
		text(b, json_is_string(one) ? json_string_value(one) : "null");
	}
}

static void parameter_put(struct buf *b, const json_t *p)
{
	buf_puts(b, "<tr><td><code>");
	text(b, json_text(p, "name"));
	buf_puts(b, "</code>");
	if (json_is_true(json_object_get(p, "required")))
		buf_puts(b, " *");
	tagged(b, "td", json_text(p, "in"));
	buf_puts(b, "<td>");
	schema_say(b, json_object_get(p, "schema"));
	tagged(b, "td", json_text(p, "description"));
	buf_byte(b, '\n');
}

/* Filters by field are many and alike: folded away behind the others. */
static void parameters_put(struct buf *b, const struct operation *op)
{
	static const char head[] =
		"<table><tr><th>Parameter<th>In<th>Type<th>\n";
	const json_t *p;
	size_t i, filters = 0;

	json_array_foreach(op->parameters, i,
			   p) if (json_object_get(p, "x-filter")) filters++;
	if (json_array_size(op->parameters) > filters)
		buf_puts(b, head);
	json_array_foreach(op->parameters, i,
			   p) if (!json_object_get(p, "x-filter"))
		parameter_put(b, p);
	if (json_array_size(op->parameters) > filters)
		buf_puts(b, "</table>\n");
	if (!filters)
		return;
	buf_printf(b, "<details><summary>%zu filters by field</summary>%s",
		   filters, head);
	json_array_foreach(op->parameters, i,
			   p) if (json_object_get(p, "x-filter"))
		parameter_put(b, p);
	buf_puts(b, "</table></details>\n");
}

static void operation_put(struct buf *b, const struct operation *op)
{
	char roles[160];

	contract_roles_say(op->roles, roles, sizeof(roles));
	buf_printf(b, "<section id=\"%s\"><h3><b>%s</b> <code>", op->id,
		   op->method);
	text(b, op->path);
	buf_puts(b, "</code></h3>\n");
	tagged(b, "p", op->summary);
	if (op->description)
		tagged(b, "p", op->description);
	buf_puts(b, "<p class=\"small\">For ");
	text(b, roles);
	buf_printf(b, ". <code>%s</code></p>\n", op->id);
	parameters_put(b, op);
	if (op->body) {
		buf_puts(b, "<p>Body: ");
		schema_say(b, op->body);
		buf_printf(b, " as <code>%s</code></p>\n", op->body_type);
	}
	buf_puts(b, "</section>\n");
}

static bool has_tag(const struct call *c, const struct operation *op,
		    const char *tag)
{
	const json_t *item = json_object_get(
		json_object_get(contract_document(c->contract), "paths"),
		op->path);
	const char *key;
	json_t *o, *one;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)item, key,
			    o) if (json_text(o, "operationId") &&
				   !strcmp(json_text(o, "operationId"), op->id))
		json_array_foreach(json_object_get(o, "tags"), i,
				   one) if (!strcmp(json_string_value(one),
						    tag)) return true;
	return false;
}

/* What the section holds, as links. */
static void contents_put(const struct call *c, const char *tag)
{
	struct buf *b = &c->reply->body;

	buf_puts(b, "<details><summary>operations</summary><p "
		    "class=\"small\">\n");
	for (size_t n = 0; n < contract_count(c->contract); n++) {
		const struct operation *op = contract_at(c->contract, n);

		if (has_tag(c, op, tag))
			buf_printf(b, "<a href=\"#%s\">%s</a> ", op->id,
				   op->id);
	}
	buf_puts(b, "</p></details>\n");
}

static void schemas_put(struct buf *b, const json_t *document)
{
	json_t *all = json_object_get(json_object_get(document, "components"),
				      "schemas");
	json_t *schema, *property;
	const char *name, *field;

	buf_puts(b, "<h2 id=\"schemas\">Shapes</h2>\n");
	json_object_foreach(all, name, schema)
	{
		buf_printf(b, "<section id=\"schema-%s\"><h3>%s</h3>\n", name,
			   name);
		if (json_text(schema, "description"))
			tagged(b, "p", json_text(schema, "description"));
		if (!json_object_get(schema, "properties")) {
			buf_puts(b, "<p>");
			schema_say(b, schema);
			buf_puts(b, "</p></section>\n");
			continue;
		}
		buf_puts(b, "<table><tr><th>Member<th>Type<th>\n");
		json_object_foreach(json_object_get(schema, "properties"),
				    field, property)
		{
			buf_printf(b, "<tr><td><code>%s</code><td>", field);
			schema_say(b, property);
			tagged(b, "td", json_text(property, "description"));
			buf_byte(b, '\n');
		}
		buf_puts(b, "</table></section>\n");
	}
}

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	"<meta name=\"viewport\" content=\"width=device-width\">"
	"<title>Hufu 虎符: API</title><style>"
	"body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem "
	"auto;padding:0 1rem;color:#222;background:#fff}"
	"h2{border-bottom:2px solid #a33;margin-top:3rem}"
	"h3{font-weight:400;margin:2rem 0 .3rem}"
	"h3 b{background:#a33;color:#fff;border-radius:.2rem;padding:.1rem "
	".5rem;font-size:.8rem}"
	"code{background:#f3f0ea;padding:.1rem .25rem;border-radius:.2rem}"
	"table{border-collapse:collapse;width:100%;font-size:.9rem}"
	"td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;"
	"border-bottom:1px solid #ddd}.small{color:#666;font-size:.85rem}"
	"summary{cursor:pointer;color:#a33;font-size:.9rem;margin:.4rem 0}"
	"nav a{margin-right:1rem}</style></head><body>\n";

/* The head of a page of its own. */
static void page_begin(struct call *c)
{
	snprintf(c->etag, sizeof(c->etag), "%.40s", contract_tag(c->contract));
	c->reply->content_type = "text/html; charset=utf-8";
	reply_header(c->reply, "Content-Security-Policy",
		     "default-src 'none'; style-src 'unsafe-inline'; "
		     "frame-ancestors 'none'");
	buf_puts(&c->reply->body, page_head);
}

static const json_t *problems(const struct call *c)
{
	return json_object_get(
		json_object_get(contract_document(c->contract), "x-hufu"),
		"problems");
}

static void problem_put(struct buf *b, const char *type, const json_t *problem)
{
	buf_printf(b,
		   "<h3 id=\"problem-%s\"><b>%d</b> <code>/problems/%s</code>"
		   "</h3>\n",
		   type, (int)json_int(problem, "status", 0), type);
	tagged(b, "p", json_text(problem, "title"));
	tagged(b, "p", json_text(problem, "description"));
}

static void problems_put(struct call *c)
{
	struct buf *b = &c->reply->body;
	const char *type;
	json_t *one;

	buf_puts(b, "<h2 id=\"problems\">Problems</h2>\n");
	json_object_foreach((json_t *)(uintptr_t)problems(c), type, one)
		problem_put(b, type, one);
}

enum rc about_problem(struct call *c)
{
	const char *type = json_text(c->args, "type");
	const json_t *problem = json_object_get(problems(c), type);
	struct buf *b = &c->reply->body;

	if (!problem)
		return call_refuse(c, RC_NOT_FOUND, 404, "not_found",
				   "there is no problem '%s': /v1/docs lists "
				   "those that there are",
				   type);
	page_begin(c);
	tagged(b, "h1", json_text(problem, "title"));
	problem_put(b, type, problem);
	buf_puts(b, "<p><a href=\"/v1/docs#problems\">All problems</a></p>"
		    "</body></html>\n");
	return buf_status(b, &c->err);
}

enum rc about_pages(struct call *c)
{
	const json_t *document = contract_document(c->contract), *tag;
	const json_t *info = json_object_get(document, "info");
	struct buf *b = &c->reply->body;
	size_t i;

	page_begin(c);
	tagged(b, "h1", json_text(info, "title"));
	tagged(b, "p", json_text(info, "summary"));
	tagged(b, "p", json_text(info, "description"));
	buf_puts(b, "<p>For programs: <a href=\"/v1/openapi.json\">"
		    "/v1/openapi.json</a></p>\n<nav>");
	json_array_foreach(json_object_get(document, "tags"), i, tag)
		buf_printf(b, "<a href=\"#%s\">%s</a>", json_text(tag, "name"),
			   json_text(tag, "name"));
	buf_puts(b, "<a href=\"#schemas\">shapes</a>"
		    "<a href=\"#problems\">problems</a></nav>\n");
	json_array_foreach(json_object_get(document, "tags"), i, tag)
	{
		const char *name = json_text(tag, "name");

		buf_printf(b, "<h2 id=\"%s\">%s</h2>\n", name, name);
		tagged(b, "p", json_text(tag, "description"));
		contents_put(c, name);
		for (size_t n = 0; n < contract_count(c->contract); n++)
			if (has_tag(c, contract_at(c->contract, n), name))
				operation_put(b, contract_at(c->contract, n));
	}
	schemas_put(b, document);
	problems_put(c);
	buf_puts(b, "</body></html>\n");
	return buf_status(b, &c->err);
}
