/* The file's parser: whatever comes in, the laws of tests/unit/confsame.h hold. */
#include "tests/unit/confsame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A zero byte cuts the input into two files. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct span whole = span_of(bytes, len);
	size_t cut = span_find(whole, '\0');
	struct conf_text texts[2] = {{"a", span_first(whole, cut)}, {"b", {"", 0}}};
	struct conf_errors errors;
	struct conf conf;
	const char *broken;
	char line[64];
	int result;

	if (cut < len)
		texts[1].bytes = span_from(whole, cut + 1);
	result = conf_parse(texts, cut < len ? 2 : 1, NULL, &conf, &errors);
	conf_first_error(&errors, line, sizeof(line));
	broken = conf_law(result, &conf, &errors);
	if (broken) {
		fprintf(stderr, "law broken: %s\n", broken);
		abort();
	}
	conf_free(&conf);
	conf_errors_free(&errors);
	return 0;
}
