#include "ingest/sort/strings.h"

#include <string.h>

#include "tessera/digest.h"
#include "tessera/memory.h"

#define NUMBERS_MAX (INT32_MAX - 1)

_Static_assert(sizeof(tsr_text_entry) == 32, "two entries fill a cache line");

tsr_slice tsr_strings_get(const tsr_strings *strings, int32_t number)
{
    const tsr_text_entry *entry = &strings->entry[number];
    int64_t at;

    if (entry->n <= TSR_SHORT_TEXT) return (tsr_slice){entry->head, entry->n};
    memcpy(&at, entry->head, sizeof at);
    return (tsr_slice){strings->bytes + at, entry->n};
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

/* The place of a text, or the empty one where it belongs. */
static int64_t find_slot(const tsr_strings *strings, tsr_slice text, uint64_t hash)
{
    int64_t mask = strings->slots - 1;

    for (int64_t at = (int64_t)hash & mask;; at = (at + 1) & mask) {
        tsr_text_slot slot = strings->slot[at];
        if (slot.number == 0) return at;
        if (slot.tag != tag_of(hash)) continue;
        tsr_slice there = tsr_strings_get(strings, slot.number - 1);
        if (there.n == text.n && memcmp(there.at, text.at, (size_t)text.n) == 0) return at;
    }
}

/* At most half of the slots are taken. */
static tsr_status grow(tsr_strings *strings)
{
    int64_t room = strings->room > 0 ? 2 * (int64_t)strings->room : 64;
    int64_t slots = strings->slots > 0 ? 2 * strings->slots : 128;
    tsr_text_slot *slot = NULL;
    tsr_status st;

    if (strings->room == NUMBERS_MAX) return TSR_FAIL(TSR_EDATA, "more than 2^31 distinct texts on one rank");
    if (room > NUMBERS_MAX) room = NUMBERS_MAX;
    TSR_TRY(tsr_resize(&strings->entry, room, sizeof *strings->entry));
    TSR_TRY(tsr_alloc(&slot, slots, sizeof *slot));
    for (int32_t i = 0; i < strings->n; i++) {
        uint64_t hash = strings->entry[i].hash;
        int64_t at = (int64_t)hash & (slots - 1);
        while (slot[at].number != 0) at = (at + 1) & (slots - 1);
        slot[at] = (tsr_text_slot){tag_of(hash), i + 1};
    }
    tsr_free(&strings->slot);
    strings->slot = slot;
    strings->slots = slots;
    strings->room = (int32_t)room;
done:
    return st;
}

static tsr_status append_long(tsr_strings *strings, tsr_slice text)
{
    if (strings->bytes_n + text.n > strings->bytes_room) {
        int64_t room = 2 * (strings->bytes_n + text.n) + 4096;
        tsr_status st = tsr_resize(&strings->bytes, room, 1);
        if (st != TSR_OK) return st;
        strings->bytes_room = room;
    }
    memcpy(strings->bytes + strings->bytes_n, text.at, (size_t)text.n);
    strings->bytes_n += text.n;
    return TSR_OK;
}

static tsr_status append(tsr_strings *strings, tsr_slice text, uint64_t hash)
{
    tsr_text_entry *entry = &strings->entry[strings->n];
    int64_t at = strings->bytes_n;

    *entry = (tsr_text_entry){.hash = hash, .n = text.n};
    if (text.n <= TSR_SHORT_TEXT) {
        memcpy(entry->head, text.at, (size_t)text.n);
    } else {
        tsr_status st = append_long(strings, text);
        if (st != TSR_OK) return st;
        memcpy(entry->head, &at, sizeof at);
    }
    strings->n++;
    if (text.n > strings->widest) strings->widest = text.n;
    return TSR_OK;
}

tsr_status tsr_strings_add(tsr_strings *strings, tsr_slice text, int32_t *number)
{
    uint64_t hash = tsr_key_of_id(text.at, (size_t)text.n);
    tsr_status st;

    if (strings->n == strings->room && (st = grow(strings)) != TSR_OK) return st;
    int64_t at = find_slot(strings, text, hash);
    if (strings->slot[at].number == 0) {
        if ((st = append(strings, text, hash)) != TSR_OK) return st;
        strings->slot[at] = (tsr_text_slot){tag_of(hash), strings->n};
    }
    *number = strings->slot[at].number - 1;
    return TSR_OK;
}

int64_t tsr_strings_bytes(const tsr_strings *strings)
{
    return strings->room * (int64_t)sizeof *strings->entry + strings->slots * (int64_t)sizeof *strings->slot +
           strings->bytes_room;
}

void tsr_strings_clear(tsr_strings *strings)
{
    tsr_free(&strings->entry);
    tsr_free(&strings->bytes);
    tsr_free(&strings->slot);
    memset(strings, 0, sizeof *strings);
}
