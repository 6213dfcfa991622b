#include <string.h>

#include "data/table/h5.h"
#include "tessera/memory.h"

static tsr_status put(hid_t object, const char *file, const char *name, hid_t file_type, hid_t memory_type, hid_t space,
                      const void *values)
{
    hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool good = attribute >= 0 && H5Awrite(attribute, memory_type, values) >= 0;
    tsr_status st = good ? TSR_OK : tsr_h5_fail(TSR_EIO, file, name, "attribute cannot be written");

    tsr_h5_close(&attribute);
    return st;
}

tsr_status tsr_h5_put_text(hid_t object, const char *file, const char *name, const char *text)
{
    hid_t type = tsr_h5_file_type(TSR_TEXT, (int32_t)strlen(text)), space = H5Screate(H5S_SCALAR);
    tsr_status st = put(object, file, name, type, type, space, text);

    tsr_h5_close(&space);
    tsr_h5_close(&type);
    return st;
}

tsr_status tsr_h5_put_int(hid_t object, const char *file, const char *name, int64_t value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    tsr_status st = put(object, file, name, H5T_STD_I64LE, H5T_NATIVE_INT64, space, &value);

    tsr_h5_close(&space);
    return st;
}

tsr_status tsr_h5_put_texts(hid_t object, const char *file, const char *name, const char *const *texts, int32_t n)
{
    tsr_status st = TSR_OK;
    char *block = NULL;
    size_t width = 1;
    hsize_t count = (hsize_t)n;
    hid_t type = TSR_NO_ID, space = H5Screate_simple(1, &count, NULL);

    for (int32_t i = 0; i < n; i++)
        if (strlen(texts[i]) > width) width = strlen(texts[i]);
    type = tsr_h5_file_type(TSR_TEXT, (int32_t)width);
    TSR_TRY(tsr_alloc(&block, n, width));
    for (int32_t i = 0; i < n; i++) memcpy(block + (size_t)i * width, texts[i], strlen(texts[i]));
    TSR_TRY(put(object, file, name, type, type, space, block));
done:
    tsr_free(&block);
    tsr_h5_close(&type);
    tsr_h5_close(&space);
    return st;
}

/* Open an attribute that may be missing: TSR_OK and TSR_NO_ID then. */
static tsr_status open_attribute(hid_t object, const char *file, const char *name, hid_t *attribute)
{
    htri_t there = H5Aexists(object, name);

    *attribute = there > 0 ? H5Aopen(object, name, H5P_DEFAULT) : TSR_NO_ID;
    if (there < 0 || (there > 0 && *attribute < 0)) return tsr_h5_fail(TSR_EDATA, file, name, "attribute is damaged");
    return TSR_OK;
}

tsr_status tsr_h5_get_int(hid_t object, const char *file, const char *name, int64_t *value)
{
    tsr_status st = TSR_OK;
    hid_t attribute = TSR_NO_ID, type = TSR_NO_ID, space = TSR_NO_ID;

    TSR_TRY(open_attribute(object, file, name, &attribute));
    if (attribute < 0) goto done;
    type = H5Aget_type(attribute);
    space = H5Aget_space(attribute);
    if (H5Tget_class(type) != H5T_INTEGER || H5Sget_simple_extent_npoints(space) != 1)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: attribute %s is not an integer", file, name));
    if (H5Aread(attribute, H5T_NATIVE_INT64, value) < 0)
        TSR_TRY(tsr_h5_fail(TSR_EDATA, file, name, "attribute is damaged"));
done:
    tsr_h5_close(&space);
    tsr_h5_close(&type);
    tsr_h5_close(&attribute);
    return st;
}

/* n strings of equal width, side by side. */
typedef struct text_list {
    char *block; /* [n][width] */
    int64_t n, width;
} text_list;

static tsr_status read_variable(hid_t attribute, hid_t type, hid_t space, const char *file, const char *name,
                                text_list *list)
{
    tsr_status st = TSR_OK;
    char **text = NULL;
    bool filled = false;

    TSR_TRY(tsr_alloc(&text, list->n, sizeof *text));
    if (H5Aread(attribute, type, text) < 0) TSR_TRY(tsr_h5_fail(TSR_EDATA, file, name, "attribute is damaged"));
    filled = true;
    list->width = 1;
    for (int64_t i = 0; i < list->n; i++)
        if (text[i] && (int64_t)strlen(text[i]) > list->width) list->width = (int64_t)strlen(text[i]);
    TSR_TRY(tsr_alloc(&list->block, list->n, (size_t)list->width));
    for (int64_t i = 0; i < list->n; i++)
        if (text[i]) memcpy(list->block + i * list->width, text[i], strlen(text[i]));
done:
    if (filled) H5Dvlen_reclaim(type, space, H5P_DEFAULT, text);
    tsr_free(&text);
    return st;
}

static tsr_status read_list(hid_t attribute, const char *file, const char *name, text_list *list)
{
    tsr_status st = TSR_OK;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute), memory = TSR_NO_ID;

    if (H5Tget_class(type) != H5T_STRING) TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: attribute %s is not text", file, name));
    list->n = (int64_t)H5Sget_simple_extent_npoints(space);
    if (H5Tis_variable_str(type) > 0) {
        TSR_TRY(read_variable(attribute, type, space, file, name, list));
        goto done;
    }
    memory = H5Tcopy(type);
    H5Tset_strpad(memory, H5T_STR_NULLPAD);
    list->width = (int64_t)H5Tget_size(type);
    TSR_TRY(tsr_alloc(&list->block, list->n, (size_t)list->width));
    if (H5Aread(attribute, memory, list->block) < 0)
        TSR_TRY(tsr_h5_fail(TSR_EDATA, file, name, "attribute is damaged"));
done:
    tsr_h5_close(&memory);
    tsr_h5_close(&space);
    tsr_h5_close(&type);
    return st;
}

tsr_status tsr_h5_get_text(hid_t object, const char *file, const char *name, char *text, size_t room)
{
    tsr_status st = TSR_OK;
    text_list list = {0};
    hid_t attribute = TSR_NO_ID;

    text[0] = '\0';
    TSR_TRY(open_attribute(object, file, name, &attribute));
    if (attribute < 0) goto done;
    TSR_TRY(read_list(attribute, file, name, &list));
    if (list.n > 0) {
        size_t n = strnlen(list.block, (size_t)list.width);
        if (n >= room) n = room - 1;
        memcpy(text, list.block, n);
        text[n] = '\0';
    }
done:
    tsr_h5_close(&attribute);
    tsr_free(&list.block);
    return st;
}

tsr_status tsr_h5_get_texts(hid_t object, const char *file, const char *name, char ***texts, int32_t *n)
{
    tsr_status st = TSR_OK;
    text_list list = {0};
    hid_t attribute = TSR_NO_ID;

    *texts = NULL;
    *n = 0;
    TSR_TRY(open_attribute(object, file, name, &attribute));
    if (attribute < 0) goto done;
    TSR_TRY(read_list(attribute, file, name, &list));

    size_t pointers = (size_t)list.n * sizeof(char *), stride = (size_t)list.width + 1;
    TSR_TRY(tsr_alloc(texts, (int64_t)(pointers + (size_t)list.n * stride), 1));
    char *to = (char *)*texts + pointers;
    for (int64_t i = 0; i < list.n; i++, to += stride) {
        memcpy(to, list.block + i * list.width, (size_t)list.width);
        (*texts)[i] = to;
    }
    *n = (int32_t)list.n;
done:
    tsr_h5_close(&attribute);
    tsr_free(&list.block);
    return st;
}
