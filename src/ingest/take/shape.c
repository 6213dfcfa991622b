/* What all sources of a job together have: kinds, columns, attributes. */
#include <stdlib.h>
#include <string.h>

#include "ingest/mapping/embedding.h"
#include "ingest/mapping/policy.h"
#include "ingest/take/inputs.h"
#include "tessera/memory.h"

static const tsr_source *source_at(const tsr_ingest_params *params, int32_t i)
{
    return (const tsr_source *)params->sources.item + i;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Attributes of one name in several sources are one attribute. */
static tsr_status list_attributes(const tsr_ingest_params *params, tsr_inputs *inputs)
{
    int32_t n = 0, kept = 0, components = 0;
    tsr_status st;

    for (int32_t i = 0; i < params->sources.n; i++) {
        components += tsr_embedding_attributes(source_at(params, i));
        n += source_at(params, i)->columns.n;
    }
    n += components;
    TSR_TRY(tsr_alloc(&inputs->component, components, sizeof *inputs->component));
    TSR_TRY(tsr_alloc(&inputs->attribute, n, sizeof *inputs->attribute));
    TSR_TRY(tsr_alloc(&inputs->form, n, sizeof *inputs->form));
    TSR_TRY(tsr_alloc(&inputs->rule, n, sizeof *inputs->rule));
    n = components = 0;
    for (int32_t i = 0; i < params->sources.n; i++) {
        const tsr_source *source = source_at(params, i);
        for (int32_t c = 0; c < tsr_embedding_attributes(source); c++) {
            tsr_embedding_name(source, c, inputs->component[components]);
            inputs->attribute[n++] = inputs->component[components++];
        }
        for (int32_t c = 0; source->kind == TSR_SOURCE_CUSTOMERS && c < source->columns.n; c++)
            if (!tsr_is_customer_field(source->columns.name[c])) inputs->attribute[n++] = source->columns.name[c];
    }
    qsort(inputs->attribute, (size_t)n, sizeof *inputs->attribute, by_name);
    for (int32_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(inputs->attribute[kept - 1], inputs->attribute[i]) != 0)
            inputs->attribute[kept++] = inputs->attribute[i];
    inputs->shape.attributes = kept;
done:
    return st;
}

static tsr_status declare_form(tsr_inputs *inputs, const char *name, const char *type, int32_t source)
{
    int32_t form = strcmp(type, "number") == 0 ? TSR_FORM_NUMBER : TSR_FORM_CATEGORY, a = 0;

    while (strcmp(inputs->attribute[a], name) != 0) a++;
    if (inputs->form[a] != TSR_FORM_AUTO && inputs->form[a] != form)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].types.%s: %s here, but not in an earlier source", source, name,
                        type);
    inputs->form[a] = form;
    return TSR_OK;
}

tsr_status tsr_inputs_shape(const tsr_ingest_params *params, tsr_inputs *inputs)
{
    tsr_status st = list_attributes(params, inputs);

    for (int32_t i = 0; st == TSR_OK && i < params->sources.n; i++) {
        const tsr_source *source = source_at(params, i);
        inputs->shape.has |= tsr_source_has(source);
        for (int32_t t = 0; st == TSR_OK && t < source->types.n; t++)
            st = declare_form(inputs, source->types.name[t], source->types.text[t], i);
    }
    for (int32_t a = 0; a < inputs->shape.attributes; a++)
        if (tsr_in_embedding(inputs->attribute[a])) inputs->form[a] = TSR_FORM_NUMBER;
    inputs->shape.attribute_name = (const char *const *)inputs->attribute;
    inputs->shape.attribute_form = inputs->form;
    inputs->shape.attribute_rule = inputs->rule;
    for (int32_t a = 0; a < inputs->shape.attributes; a++)
        inputs->rule[a] = tsr_policy_reconcile(params, inputs->attribute[a]);
    return st;
}
