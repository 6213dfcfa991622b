#include "data/job/job_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The parser's own words, with the place where it gave up. */
static tsr_status syntax_error(const tsr_yaml *yaml, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR) return TSR_FAIL(TSR_ENOMEM, "%s: out of memory", yaml->origin);
    if (parser->error == YAML_READER_ERROR)
        return TSR_FAIL(TSR_ECONF, "%s: byte %zu: %s; the file must be UTF-8 text", yaml->origin,
                        parser->problem_offset + 1, parser->problem);
    char place[64] = "", context[128] = "";
    if (yaml->marked)
        snprintf(place, sizeof place, ":%zu:%zu", parser->problem_mark.line + 1, parser->problem_mark.column + 1);
    if (parser->context != NULL) snprintf(context, sizeof context, " %s", parser->context);
    return TSR_FAIL(TSR_ECONF, "%s%s: not YAML: %s%s", yaml->origin, place, parser->problem, context);
}

/* A job is one document: what follows a second "---" would be lost in silence. */
static tsr_status check_end(const tsr_yaml *yaml, yaml_parser_t *parser)
{
    yaml_document_t next;
    if (yaml_parser_load(parser, &next) == 0) return syntax_error(yaml, parser);
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    tsr_status st = TSR_OK;
    if (root != NULL)
        st = TSR_FAIL(TSR_ECONF, "%s:%zu:%zu: a second document; a job is one document", yaml->origin,
                      root->start_mark.line + 1, root->start_mark.column + 1);
    yaml_document_delete(&next);
    return st;
}

static tsr_status parse(tsr_yaml *yaml, const char *text)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) return TSR_FAIL(TSR_ENOMEM, "%s: out of memory", yaml->origin);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);

    tsr_status st = TSR_OK;
    if (yaml_parser_load(&parser, &yaml->document) == 0)
        st = syntax_error(yaml, &parser);
    else if (yaml_document_get_root_node(&yaml->document) != NULL)
        st = check_end(yaml, &parser);
    yaml_parser_delete(&parser);
    return st;
}

tsr_status tsr_yaml_read(tsr_yaml *yaml, const char *origin, const char *text)
{
    *yaml = (tsr_yaml){.origin = origin, .marked = true};
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3; /* a byte order mark would shift the columns of line 1 */
    return parse(yaml, text);
}

tsr_status tsr_yaml_value(tsr_yaml *yaml, const char *origin, const char *text)
{
    *yaml = (tsr_yaml){.origin = origin};
    if (text[0] != '\0' && strchr("[{\"'", text[0]) != NULL) return parse(yaml, text);
    /* Else a title with a colon or a path with a star would need two layers of quotes in a shell. */
    if (yaml_document_initialize(&yaml->document, NULL, NULL, NULL, 1, 1) == 0)
        return TSR_FAIL(TSR_ENOMEM, "%s: out of memory", origin);
    if (yaml_document_add_scalar(&yaml->document, NULL, (const yaml_char_t *)text, (int)strlen(text),
                                 YAML_PLAIN_SCALAR_STYLE) == 0)
        return TSR_FAIL(TSR_ECONF, "%s: the value must be UTF-8 text", origin);
    return TSR_OK;
}

void tsr_yaml_clear(tsr_yaml *yaml)
{
    yaml_document_delete(&yaml->document);
    *yaml = (tsr_yaml){0};
}

tsr_job_node tsr_yaml_root(tsr_yaml *yaml)
{
    return (tsr_job_node){yaml, yaml_document_get_root_node(&yaml->document)};
}

static tsr_job_node node_of(tsr_yaml *yaml, int number)
{
    return (tsr_job_node){yaml, yaml_document_get_node(&yaml->document, number)};
}

int64_t tsr_node_items(tsr_job_node list)
{
    return list.node->data.sequence.items.top - list.node->data.sequence.items.start;
}

tsr_job_node tsr_node_item(tsr_job_node list, int64_t i)
{
    return node_of(list.yaml, list.node->data.sequence.items.start[i]);
}

int64_t tsr_node_pairs(tsr_job_node map)
{
    return map.node->data.mapping.pairs.top - map.node->data.mapping.pairs.start;
}

tsr_job_node tsr_node_name(tsr_job_node map, int64_t i)
{
    return node_of(map.yaml, map.node->data.mapping.pairs.start[i].key);
}

tsr_job_node tsr_node_value(tsr_job_node map, int64_t i)
{
    return node_of(map.yaml, map.node->data.mapping.pairs.start[i].value);
}

bool tsr_node_is(tsr_job_node node, yaml_node_type_t type)
{
    return node.node != NULL && node.node->type == type;
}

bool tsr_node_is_null(tsr_job_node node)
{
    if (node.node == NULL) return true;
    if (node.node->type != YAML_SCALAR_NODE || node.node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
    const char *text = (const char *)node.node->data.scalar.value;
    return text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

const char *tsr_node_text(tsr_job_node node)
{
    if (!tsr_node_is(node, YAML_SCALAR_NODE) || tsr_node_is_null(node)) return NULL;
    return (const char *)node.node->data.scalar.value;
}

tsr_status tsr_job_fail(tsr_job_node at, const char *path, const char *format, ...)
{
    char message[768];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);

    const char *colon = path != NULL ? ": " : "";
    if (path == NULL) path = "";
    if (!at.yaml->marked) return TSR_FAIL(TSR_ECONF, "%s: %s", at.yaml->origin, message); /* it holds the path */
    if (at.node == NULL) return TSR_FAIL(TSR_ECONF, "%s: %s%s%s", at.yaml->origin, path, colon, message);
    return TSR_FAIL(TSR_ECONF, "%s:%zu:%zu: %s%s%s", at.yaml->origin, at.node->start_mark.line + 1,
                    at.node->start_mark.column + 1, path, colon, message);
}
