/* The mistakes of a file as JSON; see mistakes.h. */
#include "cli/mistakes.h"

/* Where and what; a file that is meant as a whole has no line. */
static json_t *
place_json(const struct conf_remark *said)
{
	bool whole = said->place.line == 0;

	return json_pack("{s:s, s:o, s:o, s:s}", "file", said->file, "line",
	    whole ? json_null() : json_integer(said->place.line), "column",
	    whole ? json_null() : json_integer(said->place.col), "text", said->text);
}

static json_t *
mistake_json(const struct conf_error *error)
{
	json_t *out = place_json(&error->said[0]), *notes = json_array(), *hint = NULL;

	for (size_t i = 1; i < error->n_said; i++)
		if (error->said[i].kind == REMARK_NOTE)
			json_array_append_new(notes, place_json(&error->said[i]));
		else if (!hint)
			hint = json_string(error->said[i].text);
	json_object_set_new(out, "kind", json_string(error->warning ? "warning" : "error"));
	json_object_set_new(out, "notes", notes);
	json_object_set_new(out, "hint", hint ? hint : json_null());
	return out;
}

json_t *
mistakes_json(const struct conf_errors *errors)
{
	json_t *list = json_array();

	for (size_t i = 0; i < errors->n; i++)
		json_array_append_new(list, mistake_json(&errors->list[i]));
	return list;
}
