/*
 * The billing keys: names, writing, reading. Front door of the room; the shapes are lodge-keys(7)'s.
 *
 * Everything held is an absolute number since the beginning, so any write may be repeated or reordered;
 * a number only ever grows. All keys of one guest share the hash tag {GUEST}.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H
#endif
