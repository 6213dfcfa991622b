#include "data/job/job_parts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"

tsr_status tsr_job_alloc(tsr_job *job, void *out, int64_t count, size_t size)
{
    void *block = NULL;
    tsr_status st = TSR_OK;
    *(void **)out = NULL;
    if (job->owned_n == job->owned_room) {
        TSR_TRY(tsr_resize(&job->owned, 2 * job->owned_room + 16, sizeof *job->owned));
        job->owned_room = 2 * job->owned_room + 16;
    }
    TSR_TRY(tsr_alloc(&block, count, size));
    job->owned[job->owned_n++] = block;
    *(void **)out = block;
done:
    return st;
}

static tsr_status keep_text(tsr_job *job, const char *text, char **out)
{
    size_t bytes = strlen(text) + 1;
    tsr_status st = tsr_job_alloc(job, out, (int64_t)bytes, 1);
    if (st == TSR_OK) memcpy(*out, text, bytes);
    return st;
}

/* A new JSON value, or the only way to fail. */
static tsr_status echo_as(json_t *json, json_t **echo)
{
    *echo = json;
    return json != NULL ? TSR_OK : TSR_FAIL(TSR_ENOMEM, "out of memory while reading the job");
}

/* ---- paths ------------------------------------------------------------------------------------------------------ */

static const char *variable_value(const tsr_job *job, const char *name, size_t n)
{
    for (const char *v = job->variables; v != NULL && *v != '\0'; v += strlen(v) + 1)
        if (strncmp(v, name, n) == 0 && v[n] == '=') return v + n + 1;
    return NULL;
}

/* Put ${NAME}s in. With to = NULL only count the bytes. */
static tsr_status expand(const tsr_job *job, const char *path, tsr_job_node at, const char *text, char *to, size_t *n)
{
    *n = 0;
    while (*text != '\0') {
        const char *piece = text, *end = NULL;
        size_t bytes = 1;
        if (strncmp(text, "${", 2) == 0) {
            end = strchr(text, '}');
            if (end == NULL) return tsr_job_fail(at, path, "%s: ${ without }", text);
            piece = variable_value(job, text + 2, (size_t)(end - text) - 2);
            if (piece == NULL)
                return tsr_job_fail(at, path, "environment variable %.*s is not set; export it or write the path",
                                    (int)(end - text) - 2, text + 2);
            bytes = strlen(piece);
        }
        if (to != NULL) memcpy(to + *n, piece, bytes);
        *n += bytes;
        text = end != NULL ? end + 1 : text + 1;
    }
    return TSR_OK;
}

static tsr_status keep_path(tsr_job *job, const char *path, tsr_job_node at, const char *text, char **out)
{
    size_t n;
    tsr_status st = TSR_OK;
    TSR_TRY(expand(job, path, at, text, NULL, &n));
    TSR_TRY(tsr_job_alloc(job, out, (int64_t)n + 1, 1));
    st = expand(job, path, at, text, *out, &n);
done:
    return st;
}

/* ---- one value -------------------------------------------------------------------------------------------------- */

/* The text of a scalar; @p what says what belongs here. */
static tsr_status scalar(tsr_job_node value, const char *path, const char *what, const char **text)
{
    if (tsr_node_is(value, YAML_SEQUENCE_NODE)) return tsr_job_fail(value, path, "a list, where %s belongs", what);
    if (tsr_node_is(value, YAML_MAPPING_NODE)) return tsr_job_fail(value, path, "a map, where %s belongs", what);
    *text = tsr_node_is_null(value) ? "null" : tsr_node_text(value);
    if (!tsr_node_is_null(value) && strlen(*text) != value.node->data.scalar.length)
        return tsr_job_fail(value, path, "a text with a zero byte");
    return TSR_OK;
}

/* A word that is a number's default ("auto", "null") stands for 0, whatever the range. */
static bool is_default_word(const tsr_key *key, const char *text)
{
    return key->fallback != NULL && strcmp(text, key->fallback) == 0 && strpbrk(text, "0123456789") == NULL;
}

static tsr_status check_range(const tsr_key *key, const char *path, tsr_job_node at, const char *text, double value)
{
    if (key->low == 0 && key->high == 0) return TSR_OK;
    if (value >= key->low && value <= key->high) return TSR_OK;
    if (isinf(key->high)) return tsr_job_fail(at, path, "%s is out of range: at least %.16g", text, key->low);
    return tsr_job_fail(at, path, "%s is out of range %.16g to %.16g", text, key->low, key->high);
}

static tsr_status read_bool(const tsr_key *key, const char *path, tsr_job_node at, bool *field, json_t **echo)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    const char *text;
    tsr_status st = TSR_OK;
    (void)key;
    TSR_TRY(scalar(at, path, "true or false", &text));
    for (int i = 0; i < 6; i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *field = i % 2 != 0;
        return echo_as(json_boolean(*field), echo);
    }
    st = tsr_job_fail(at, path, "%s is neither true nor false", text);
done:
    return st;
}

/* A whole number; the end must be `stop`. */
static bool parse_int(const char *text, const char *stop, int64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return end != text && end == stop && errno == 0 && text[0] != ' ';
}

static tsr_status read_int(const tsr_key *key, const char *path, tsr_job_node at, int64_t *field, json_t **echo)
{
    const char *text;
    tsr_status st = TSR_OK;
    TSR_TRY(scalar(at, path, "a whole number", &text));
    *field = 0;
    if (is_default_word(key, text)) return echo_as(json_string(text), echo);
    if (!parse_int(text, text + strlen(text), field)) return tsr_job_fail(at, path, "%s is not a whole number", text);
    TSR_TRY(check_range(key, path, at, text, (double)*field));
    st = echo_as(json_integer(*field), echo);
done:
    return st;
}

/* Decimal text with few digits should come out of the echo as it went in. */
static int digits_of(double value)
{
    char text[32];
    for (int digits = 15; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) return digits;
    }
    return 17;
}

static tsr_status read_real(tsr_job *job, const tsr_key *key, const char *path, tsr_job_node at, double *field,
                            json_t **echo)
{
    const char *text;
    tsr_status st = TSR_OK;
    TSR_TRY(scalar(at, path, "a number", &text));
    *field = 0;
    if (is_default_word(key, text)) return echo_as(json_string(text), echo);
    char *end;
    *field = strtod(text, &end);
    if (end == text || *end != '\0' || text[0] == ' ' || !isfinite(*field) || strpbrk(text, "xX") != NULL)
        return tsr_job_fail(at, path, "%s is not a number", text);
    TSR_TRY(check_range(key, path, at, text, *field));
    if (digits_of(*field) > job->digits) job->digits = digits_of(*field);
    st = echo_as(json_real(*field), echo);
done:
    return st;
}

static tsr_status read_text(tsr_job *job, const tsr_key *key, const char *path, tsr_job_node at, char **field,
                            json_t **echo)
{
    const char *text;
    tsr_status st = TSR_OK;
    *field = NULL;
    TSR_TRY(scalar(at, path, key->type == TSR_KEY_PATH ? "a path" : "a text", &text));
    if (tsr_node_is_null(at)) return echo_as(json_null(), echo);
    TSR_TRY(key->type == TSR_KEY_PATH ? keep_path(job, path, at, text, field) : keep_text(job, text, field));
    st = echo_as(json_string(text), echo); /* a path as written: the folders of one machine are not part of a job */
done:
    return st;
}

static tsr_status read_choice(const tsr_key *key, const char *path, tsr_job_node at, int32_t *field, json_t **echo)
{
    const char *text;
    tsr_status st = TSR_OK;
    TSR_TRY(scalar(at, path, "one of the choices", &text));
    int32_t number = 0;
    for (const char *choice = key->choices; choice != NULL; number++) {
        size_t n = strcspn(choice, "|");
        if (strlen(text) == n && strncmp(text, choice, n) == 0) {
            *field = number;
            return echo_as(json_string(text), echo);
        }
        choice = choice[n] == '|' ? choice + n + 1 : NULL;
    }
    st = tsr_job_fail(at, path, "%s is none of %s", text, key->choices);
done:
    return st;
}

static tsr_status read_range(const tsr_key *key, const char *path, tsr_job_node at, tsr_range *field, json_t **echo)
{
    const char *text;
    tsr_status st = TSR_OK;
    TSR_TRY(scalar(at, path, "a range like 5..8", &text));
    const char *dots = strstr(text, "..");
    bool good = dots != NULL
                    ? parse_int(text, dots, &field->low) && parse_int(dots + 2, text + strlen(text), &field->high)
                    : parse_int(text, text + strlen(text), &field->low);
    if (!good) return tsr_job_fail(at, path, "%s is neither a whole number nor a range like 5..8", text);
    if (dots == NULL) field->high = field->low;
    if (field->low > field->high) return tsr_job_fail(at, path, "%s runs backwards", text);
    TSR_TRY(check_range(key, path, at, text, (double)field->low));
    TSR_TRY(check_range(key, path, at, text, (double)field->high));
    st = echo_as(field->low == field->high ? json_integer(field->low) : json_string(text), echo);
done:
    return st;
}

static tsr_status read_bytes(const tsr_key *key, const char *path, tsr_job_node at, int64_t *field, json_t **echo)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"", 1},      {"B", 1},        {"KB", 1e3},        {"MB", 1e6},           {"GB", 1e9},
                 {"TB", 1e12}, {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0}};
    const char *text;
    tsr_status st = TSR_OK;
    TSR_TRY(scalar(at, path, "a size like 512MiB", &text));
    *field = 0;
    if (strcmp(text, "auto") == 0) return echo_as(json_string(text), echo);
    if (is_default_word(key, text)) return echo_as(json_string(text), echo);

    char *end;
    double bytes = strtod(text, &end), unit = 0;
    while (end != text && *end == ' ') end++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0) unit = units[i].bytes;
    if (end == text || unit == 0 || strpbrk(text, "xX") != NULL || !(bytes >= 0 && bytes * unit < 9e18))
        return tsr_job_fail(at, path, "%s is not a size: write a number and KiB, MiB, GiB or TiB", text);
    TSR_TRY(check_range(key, path, at, text, bytes * unit));
    *field = (int64_t)(bytes * unit);
    st = echo_as(json_integer(*field), echo);
done:
    return st;
}

/* Exactly n digits. */
static bool take_digits(const char **text, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++, (*text)++) {
        if (**text < '0' || **text > '9') return false;
        *value = 10 * *value + (**text - '0');
    }
    return true;
}

static bool take_char(const char **text, char a, char b)
{
    bool good = **text == a || **text == b;
    if (good) (*text)++;
    return good;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar (Hinnant's days_from_civil). */
static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400, year = y - era * 400;
    int64_t day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

static bool parse_date(const char *text, int64_t *seconds)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, hour = 0, minute = 0, second = 0;
    if (!take_digits(&text, 4, &year) || !take_char(&text, '-', '-') || !take_digits(&text, 2, &month) ||
        !take_char(&text, '-', '-') || !take_digits(&text, 2, &day))
        return false;
    if (*text != '\0') {
        if (!take_char(&text, ' ', 'T') || !take_digits(&text, 2, &hour) || !take_char(&text, ':', ':') ||
            !take_digits(&text, 2, &minute))
            return false;
        if (*text != '\0' && (!take_char(&text, ':', ':') || !take_digits(&text, 2, &second))) return false;
    }
    if (*text != '\0' || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > days[month - 1] + (leap && month == 2)) return false;
    *seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

static tsr_status read_date(const tsr_key *key, const char *path, tsr_job_node at, tsr_date *field, json_t **echo)
{
    const char *text;
    tsr_status st = TSR_OK;
    (void)key;
    *field = (tsr_date){0};
    TSR_TRY(scalar(at, path, "a date", &text));
    if (tsr_node_is_null(at)) return echo_as(json_null(), echo);
    if (!parse_date(text, &field->seconds))
        return tsr_job_fail(at, path, "%s is not a date: write YYYY-MM-DD or YYYY-MM-DD HH:MM:SS", text);
    if (field->seconds < 0 || field->seconds > UINT32_MAX)
        return tsr_job_fail(at, path, "%s is out of range 1970-01-01 to 2106-02-07", text);
    field->set = true;
    st = echo_as(json_string(text), echo);
done:
    return st;
}

/* ---- several values --------------------------------------------------------------------------------------------- */

static tsr_status keep_item(tsr_job *job, const tsr_key *key, const char *path, tsr_job_node item, char **field,
                            json_t *list)
{
    const char *text;
    tsr_status st = TSR_OK;
    if (tsr_node_is_null(item)) return tsr_job_fail(item, path, "an empty item");
    TSR_TRY(scalar(item, path, "a text", &text));
    TSR_TRY(key->type == TSR_KEY_PATHS ? keep_path(job, path, item, text, field) : keep_text(job, text, field));
    if (json_array_append_new(list, json_string(text)) != 0)
        st = TSR_FAIL(TSR_ENOMEM, "out of memory while reading the job");
done:
    return st;
}

static tsr_status read_texts(tsr_job *job, const tsr_key *key, const char *path, tsr_job_node at, tsr_texts *field,
                             json_t **echo)
{
    tsr_status st = TSR_OK;
    *field = (tsr_texts){0};
    if (tsr_node_is(at, YAML_MAPPING_NODE)) return tsr_job_fail(at, path, "a map, where a list of texts belongs");
    TSR_TRY(echo_as(json_array(), echo));
    if (tsr_node_is_null(at)) goto done;
    bool list = tsr_node_is(at, YAML_SEQUENCE_NODE);
    field->n = list ? (int32_t)tsr_node_items(at) : 1;
    TSR_TRY(tsr_job_alloc(job, &field->text, field->n, sizeof *field->text));
    for (int32_t i = 0; i < field->n; i++)
        TSR_TRY(keep_item(job, key, path, list ? tsr_node_item(at, i) : at, &field->text[i], *echo));
done:
    return st;
}

static tsr_status read_map(tsr_job *job, const char *path, tsr_job_node at, tsr_map *field, json_t **echo)
{
    tsr_status st = TSR_OK;
    *field = (tsr_map){0};
    TSR_TRY(echo_as(json_object(), echo));
    if (tsr_node_is_null(at)) goto done;
    if (!tsr_node_is(at, YAML_MAPPING_NODE)) return tsr_job_fail(at, path, "a map like {name: value} belongs here");
    field->n = (int32_t)tsr_node_pairs(at);
    TSR_TRY(tsr_job_alloc(job, &field->name, field->n, sizeof *field->name));
    TSR_TRY(tsr_job_alloc(job, &field->text, field->n, sizeof *field->text));
    for (int32_t i = 0; i < field->n; i++) {
        const char *name, *text;
        tsr_job_node value = tsr_node_value(at, i);
        TSR_TRY(scalar(tsr_node_name(at, i), path, "a name", &name));
        if (tsr_node_is_null(value)) return tsr_job_fail(tsr_node_name(at, i), path, "%s has no value", name);
        TSR_TRY(scalar(value, path, "one value", &text));
        if (json_object_get(*echo, name) != NULL)
            return tsr_job_fail(tsr_node_name(at, i), path, "%s is given twice", name);
        TSR_TRY(keep_text(job, name, &field->name[i]));
        TSR_TRY(keep_text(job, text, &field->text[i]));
        if (json_object_set_new(*echo, name, json_string(text)) != 0)
            st = TSR_FAIL(TSR_ENOMEM, "out of memory while reading the job");
        TSR_TRY(st);
    }
done:
    return st;
}

static tsr_status read_groups(tsr_job *job, const tsr_key *key, const char *path, tsr_job_node at, tsr_groups *field,
                              json_t **echo)
{
    tsr_status st = TSR_OK;
    *field = (tsr_groups){0};
    TSR_TRY(echo_as(json_array(), echo));
    if (tsr_node_is_null(at)) goto done;
    if (!tsr_node_is(at, YAML_SEQUENCE_NODE))
        return tsr_job_fail(at, path, "a list belongs here: begin each entry with a dash");
    field->n = (int32_t)tsr_node_items(at);
    TSR_TRY(tsr_job_alloc(job, &field->item, field->n, key->member_size));
    for (int32_t i = 0; i < field->n; i++) {
        char item[128];
        json_t *object = NULL;
        snprintf(item, sizeof item, "%s[%d]", path, i);
        TSR_TRY(tsr_job_group(job, key->members, item, tsr_node_item(at, i),
                              (char *)field->item + (size_t)i * key->member_size, &object));
        if (json_array_append_new(*echo, object) != 0) st = TSR_FAIL(TSR_ENOMEM, "out of memory while reading the job");
        TSR_TRY(st);
    }
done:
    return st;
}

tsr_status tsr_job_value(tsr_job *job, const tsr_key *key, const char *path, tsr_job_node value, void *field,
                         json_t **echo)
{
    tsr_status st = TSR_EBUG;
    *echo = NULL;
    switch (key->type) {
    case TSR_KEY_BOOL: st = read_bool(key, path, value, field, echo); break;
    case TSR_KEY_INT: st = read_int(key, path, value, field, echo); break;
    case TSR_KEY_REAL: st = read_real(job, key, path, value, field, echo); break;
    case TSR_KEY_TEXT:
    case TSR_KEY_PATH: st = read_text(job, key, path, value, field, echo); break;
    case TSR_KEY_CHOICE: st = read_choice(key, path, value, field, echo); break;
    case TSR_KEY_RANGE: st = read_range(key, path, value, field, echo); break;
    case TSR_KEY_BYTES: st = read_bytes(key, path, value, field, echo); break;
    case TSR_KEY_DATE: st = read_date(key, path, value, field, echo); break;
    case TSR_KEY_TEXTS:
    case TSR_KEY_PATHS: st = read_texts(job, key, path, value, field, echo); break;
    case TSR_KEY_MAP: st = read_map(job, path, value, field, echo); break;
    case TSR_KEY_GROUPS: st = read_groups(job, key, path, value, field, echo); break;
    }
    if (st != TSR_OK) {
        json_decref(*echo);
        *echo = NULL;
    }
    return st;
}
