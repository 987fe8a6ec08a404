/*
 * The names of the billing keys. A core; lodge-keys(7) says what each holds.
 *
 * A key is a prefix ("lodge:{alice}:", or "lodge:src:HOST:{alice}:" for one host's part) and a suffix
 * ("cur", "m:20261101", "5m:20261122"). All keys of one guest share the hash tag {GUEST}.
 */
#ifndef LEDGER_KEYS_H
#define LEDGER_KEYS_H

#include "base/span.h"

#include <stdint.h>

enum {
	KEY_TEXT = 384, /* room for any key: HOST at most 253 bytes, GUEST 32 */
	KEY_SUFFIX = 32,
	KEY_HOST_MAX = 253,
};

enum slot_kind { SLOT_5M, SLOT_HOUR, SLOT_DAY, SLOT_KINDS };

#define KEY_GUESTS "lodge:guests"

/* The start of the slot, or of the billing period from that day of the month on, in which a time lies; all UTC.
 * In a month too short for the day its last day counts. */
int64_t slot_start(enum slot_kind, int64_t at);
int64_t period_start(int64_t at, uint8_t day);
int64_t period_end(int64_t at, uint8_t day); /* the start of the one after it */

/* host NULL: the key of the sum over all hosts. Returns out; a name too long is cut, which no checked file has. */
const char *key_of(const char *host, const char *guest, const char *suffix, char out[KEY_TEXT]);

/* "m:YYYYMMDD" of a period that starts at a UTC midnight. */
const char *key_period(int64_t start, char out[KEY_SUFFIX]);
/* The suffix of the hash that holds a slot ("5m:YYYYMMDD", "h:YYYYMMDD", "d:YYYY") and … */
const char *key_slot(enum slot_kind, int64_t start, char out[KEY_SUFFIX]);
/* … its field there ("HHMM", "HH", "MMDD"). */
const char *key_slot_field(enum slot_kind, int64_t start, char out[KEY_SUFFIX]);
/* The start of the slot that has this field in the hash of at; -1: no field of such a hash. */
int64_t key_slot_at(enum slot_kind, int64_t at, struct span field);
/* A time in the next such hash. */
int64_t key_slot_next(enum slot_kind, int64_t at);
/* Seconds after which such a hash expires. */
int64_t key_slot_expire(enum slot_kind);

#endif
