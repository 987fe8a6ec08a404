/* Which server holds which key; see place.h. */
#include "ledger/place.h"

/* CRC-16/XMODEM, as clusters compute it. */
static uint16_t
crc16(struct span text)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < text.len; i++) {
		crc ^= (uint16_t)((unsigned char)text.ptr[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

/* Nothing between the braces: the whole key counts. */
uint16_t
place_slot(struct span key)
{
	size_t open = span_find(key, '{');
	struct span inside = span_from(key, open < key.len ? open + 1 : open);
	size_t close = span_find(inside, '}');

	if (close > 0 && close < inside.len)
		key = span_first(inside, close);
	return crc16(key) % PLACE_SLOTS;
}

void
places_begin(struct places *places)
{
	*places = (struct places){0};
}

void
places_seed(struct places *places, const char *host, uint16_t port)
{
	struct server *seed = &places->list[places->n++];

	places->n_seeds = places->n;
	strncpy(seed->host, host, PLACE_HOST_MAX);
	seed->port = port;
}

int
places_add(struct places *places, size_t who, struct span host, uint16_t port)
{
	struct server fresh = {.port = port};

	if (host.len == 0)
		host = span_str(places->list[who].host);
	if (host.len == 0 || host.len > PLACE_HOST_MAX)
		return -1;
	memcpy(fresh.host, host.ptr, host.len);
	for (size_t i = 0; i < places->n; i++)
		if (places->list[i].port == port && strcmp(places->list[i].host, fresh.host) == 0)
			return (int)i;
	if (places->n == PLACES_MAX)
		return -1;
	places->list[places->n] = fresh;
	return (int)places->n++;
}

void
places_serve(struct places *places, uint16_t first, uint16_t last, size_t place)
{
	for (unsigned slot = first; slot <= last && slot < PLACE_SLOTS; slot++)
		places->of_slot[slot] = (uint8_t)place;
}
