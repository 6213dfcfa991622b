#include <stdio.h>
#include <string.h>

#include "present/texts.h"

#define PLACES 9

/* A part of the sentence that a place {1}, {2}, .. of the pattern stands for. */
typedef struct part {
    const char *at;
    size_t n;
} part;

/* Where the next literal of a pattern begins: at the end of the sentence if it is the last, else as early as can be. */
static const char *find_literal(const char *sentence, const char *literal, size_t n)
{
    size_t left = strlen(sentence);

    if (left < n) return NULL;
    if (literal[n] == '\0') return strcmp(sentence + left - n, literal) == 0 ? sentence + left - n : NULL;
    for (; left >= n; sentence++, left--)
        if (strncmp(sentence, literal, n) == 0) return sentence;
    return NULL;
}

/* Is the sentence made by the pattern, whose places come in their order? */
static bool follows(const char *sentence, const char *pattern, part *place)
{
    size_t literal = strcspn(pattern, "{");

    if (strncmp(sentence, pattern, literal) != 0) return false;
    sentence += literal;
    pattern += literal;
    for (int i = 0; *pattern != '\0'; i++) {
        pattern += strlen("{1}");
        literal = strcspn(pattern, "{");
        const char *end = i < PLACES ? find_literal(sentence, pattern, literal) : NULL;
        if (end == NULL) return false;
        place[i] = (part){sentence, (size_t)(end - sentence)};
        sentence = end + literal;
        pattern += literal;
    }
    return *sentence == '\0';
}

/* 15,058 as 15058: languages group differently. */
static void drop_commas(char *number)
{
    char *to = number;

    for (const char *at = number; *at != '\0'; at++)
        if (*at != ',') *to++ = *at;
    *to = '\0';
}

/* A number, or a name that has a text of its own, in the language; anything else as it is. */
static size_t put_word(const tsr_language *language, part word, char *text, size_t bytes)
{
    static const char *const kinds[] = {"word", "feature", "choice", "segment", "group"};
    char name[64], figure[TSR_FIGURE_BYTES];
    const char *found = name;

    if (word.n >= sizeof name) return (size_t)snprintf(text, bytes, "%.*s", (int)word.n, word.at);
    snprintf(name, sizeof name, "%.*s", (int)word.n, word.at);
    for (size_t i = 0; found == name && i < sizeof kinds / sizeof *kinds; i++)
        found = tsr_text_of(language, kinds[i], name);
    if (word.n > 0 && word.n < TSR_FIGURE_BYTES / 2 && strspn(name, "-.,0123456789") == word.n) {
        drop_commas(name);
        json_t *number = json_string(name);
        found = tsr_figure(language, number, 9, figure);
        json_decref(number);
    }
    return (size_t)snprintf(text, bytes, "%s", found);
}

/* Names stand in lists: "silhouette, gap". */
static size_t put_part(const tsr_language *language, part list, char *text, size_t bytes)
{
    size_t used = 0;

    for (size_t from = 0; from <= list.n && used < bytes;) {
        size_t n = 0;
        while (from + n < list.n && strncmp(list.at + from + n, ", ", 2) != 0) n++;
        used += put_word(language, (part){list.at + from, n}, text + used, bytes - used);
        from += n;
        if (from < list.n && used < bytes) used += (size_t)snprintf(text + used, bytes - used, ", ");
        from += 2;
    }
    return used;
}

static void fill(const tsr_language *language, const char *pattern, const part *place, char *text, size_t bytes)
{
    size_t used = 0;

    while (*pattern != '\0' && used < bytes) {
        size_t literal = strcspn(pattern, "{");
        used += (size_t)snprintf(text + used, bytes - used, "%.*s", (int)literal, pattern);
        pattern += literal;
        if (*pattern == '\0' || used >= bytes) break;
        used += put_part(language, place[pattern[1] - '1'], text + used, bytes - used);
        pattern += strlen("{1}");
    }
}

bool tsr_translate(const tsr_language *language, const char *english, char *text, size_t bytes)
{
    part place[PLACES];
    size_t i;
    json_t *row;

    json_array_foreach(language->sentences, i, row)
    {
        if (!follows(english, json_string_value(json_array_get(row, 0)), place)) continue;
        fill(language, json_string_value(json_array_get(row, 1)), place, text, bytes);
        return true;
    }
    snprintf(text, bytes, "%s", english);
    return false;
}
