#include "ingest/strings.h"

#include <string.h>

#include "tessera/digest.h"
#include "tessera/memory.h"

static tsr_slice text_of(const tsr_strings *strings, int32_t number)
{
    int64_t begin = number > 0 ? strings->end[number - 1] : 0;

    return (tsr_slice){strings->bytes + begin, (int32_t)(strings->end[number] - begin)};
}

tsr_slice tsr_strings_get(const tsr_strings *strings, int32_t number)
{
    return text_of(strings, number);
}

/* The place of a text, or the empty one where it belongs. */
static int64_t find_slot(const tsr_strings *strings, tsr_slice text, uint64_t hash)
{
    int64_t mask = strings->slots - 1;

    for (int64_t at = (int64_t)hash & mask;; at = (at + 1) & mask) {
        int32_t number = strings->slot[at] - 1;
        if (number < 0) return at;
        if (strings->hash[number] != hash) continue;
        tsr_slice there = text_of(strings, number);
        if (there.n == text.n && memcmp(there.at, text.at, (size_t)text.n) == 0) return at;
    }
}

/* At most half of the slots are taken. */
static tsr_status grow(tsr_strings *strings)
{
    int64_t room = strings->room > 0 ? 2 * (int64_t)strings->room : 64;
    int32_t *slot = NULL;
    tsr_status st;

    if (room > INT32_MAX) {
        if (strings->n == INT32_MAX - 1) return TSR_FAIL(TSR_EDATA, "more than 2^31 distinct texts on one rank");
        room = INT32_MAX - 1;
    }
    int64_t slots = strings->slots > 0 ? 2 * strings->slots : 128;
    TSR_TRY(tsr_resize(&strings->hash, room, sizeof *strings->hash));
    TSR_TRY(tsr_resize(&strings->end, room, sizeof *strings->end));
    TSR_TRY(tsr_alloc(&slot, slots, sizeof *slot));
    for (int32_t i = 0; i < strings->n; i++) {
        int64_t at = (int64_t)strings->hash[i] & (slots - 1);
        while (slot[at] != 0) at = (at + 1) & (slots - 1);
        slot[at] = i + 1;
    }
    tsr_free(&strings->slot);
    strings->slot = slot;
    strings->slots = slots;
    strings->room = (int32_t)room;
done:
    return st;
}

static tsr_status append(tsr_strings *strings, tsr_slice text, uint64_t hash)
{
    int64_t begin = strings->n > 0 ? strings->end[strings->n - 1] : 0;

    if (begin + text.n > strings->bytes_room) {
        int64_t room = 2 * (begin + text.n) + 4096;
        tsr_status st = tsr_resize(&strings->bytes, room, 1);
        if (st != TSR_OK) return st;
        strings->bytes_room = room;
    }
    memcpy(strings->bytes + begin, text.at, (size_t)text.n);
    strings->hash[strings->n] = hash;
    strings->end[strings->n++] = begin + text.n;
    if (text.n > strings->widest) strings->widest = text.n;
    return TSR_OK;
}

tsr_status tsr_strings_add(tsr_strings *strings, tsr_slice text, int32_t *number)
{
    uint64_t hash = tsr_key_of_id(text.at, (size_t)text.n);
    tsr_status st;

    if (strings->n == strings->room && (st = grow(strings)) != TSR_OK) return st;
    int64_t at = find_slot(strings, text, hash);
    if (strings->slot[at] == 0) {
        if ((st = append(strings, text, hash)) != TSR_OK) return st;
        strings->slot[at] = strings->n;
    }
    *number = strings->slot[at] - 1;
    return TSR_OK;
}

void tsr_strings_clear(tsr_strings *strings)
{
    tsr_free(&strings->hash);
    tsr_free(&strings->end);
    tsr_free(&strings->bytes);
    tsr_free(&strings->slot);
    memset(strings, 0, sizeof *strings);
}
