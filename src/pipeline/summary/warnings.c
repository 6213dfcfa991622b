#include "pipeline/summary/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "pipeline/profile/advice.h"
#include "pipeline/summary/rfm_json.h"
#include "pipeline/summary/value_warnings.h"
#include "tessera/log.h"

/* Of clipped values: a share above this is worth a warning. */
#define CLIPPED_SHARE 0.01

void tsr_warn_of(json_t *warnings, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text[tsr_utf8_bytes(text, (int64_t)strlen(text))] = '\0'; /* half a character would be no text for JSON */
    json_array_append_new(warnings, json_string(text));
}

static void warn_of_features(const tsr_findings *f, json_t *warnings)
{
    const tsr_scaler *scaler = f->scaler;
    double customers = (double)f->info->customers;

    for (int32_t c = 0; c < scaler->constant_n; c++)
        tsr_warn_of(warnings, "feature %s has one value for all customers and is left out", scaler->constant[c]);
    for (int32_t c = 0; c < scaler->cols; c++) {
        if ((double)scaler->clipped[c] > CLIPPED_SHARE * customers)
            tsr_warn_of(warnings, "feature %s: %.1f %% of the values lie beyond %g standard deviations and are clipped",
                        scaler->name[c], 100 * (double)scaler->clipped[c] / customers, scaler->clip);
        if (scaler->missing_share[c] > 0.5)
            tsr_warn_of(warnings, "feature %s is missing for %.1f %% of the customers", scaler->name[c],
                        100 * scaler->missing_share[c]);
    }
}

/* "a, b and 2 more": names of segments, as far as a line holds them. */
static void list_names(const tsr_findings *f, const bool *wanted, char *text, size_t n)
{
    int32_t listed = 0, more = 0;

    text[0] = '\0';
    for (int32_t s = 0; s < f->profile->k; s++) {
        if (!wanted[s]) continue;
        if (listed == 3) {
            more++;
            continue;
        }
        size_t used = strlen(text);
        char name[TSR_NAME_BYTES];
        tsr_advice_name(f->advice, f->profile, s, (long)f->run->settings->run.min_cell, name);
        snprintf(text + used, n - used, "%s%s", listed++ > 0 ? ", " : "", name);
    }
    size_t used = strlen(text);
    if (more > 0) snprintf(text + used, n - used, " and %d more", more);
}

static void warn_of_flags(const tsr_findings *f, json_t *warnings)
{
    int32_t manageable = tsr_advice_manageable(f->run, f->segmentation->model), count[3] = {0};
    bool wanted[3][TSR_K_MAX] = {{false}};
    char names[256], better[64] = "";

    for (int32_t s = 0; s < f->profile->k; s++) {
        tsr_flags flags = tsr_advice_flags(f->run, f->segmentation, f->quality, f->profile, s);
        count[0] += wanted[0][s] = flags.small;
        count[1] += wanted[1][s] = flags.unstable;
        count[2] += wanted[2][s] = flags.not_separable;
    }
    if (manageable > 0 && manageable != f->profile->k)
        snprintf(better, sizeof better, "; %d segments would be manageable", manageable);
    list_names(f, wanted[0], names, sizeof names);
    if (count[0] > 0)
        tsr_warn_of(warnings, "less than %g %% of the customers (cluster.min_share): %s%s",
                    100 * f->run->settings->cluster.min_share, names, better);
    list_names(f, wanted[1], names, sizeof names);
    if (count[1] > 0) tsr_warn_of(warnings, "unstable, do not target: %s%s", names, better);
    list_names(f, wanted[2], names, sizeof names);
    if (count[2] > 0) tsr_warn_of(warnings, "not set apart from other segments: %s%s", names, better);
}

/* "silhouette, gap": the criteria that name the number of segments that was taken. */
static int list_agreeing(const tsr_kmeans *model, char *text, size_t n)
{
    int agreeing = 0;

    text[0] = '\0';
    for (int c = 0; c < TSR_CRITERIA; c++) {
        if (model->vote[c] != model->asked_k) continue;
        size_t used = strlen(text);
        snprintf(text + used, n - used, "%s%s", agreeing++ > 0 ? ", " : "", tsr_criterion_name((tsr_criterion)c));
    }
    return agreeing;
}

static void warn_of_choice(const tsr_findings *f, json_t *warnings)
{
    const tsr_kmeans *model = f->segmentation->model;
    tsr_criterion decides = (tsr_criterion)f->run->settings->cluster.choose;
    char names[128];

    if (model->candidates_n == 0) return;
    int32_t tie = tsr_candidates_tie(model->candidate, model->candidates_n, decides);
    if (tie > 0)
        tsr_warn_of(warnings, "%d and %d segments are equally good by %s, as far as it can tell",
                    (int)model->vote[decides], (int)tie, tsr_criterion_name(decides));
    int agreeing = list_agreeing(model, names, sizeof names);
    if (agreeing > 0 && 2 * agreeing < TSR_CRITERIA)
        tsr_warn_of(warnings, "the criteria disagree on the number of segments: %d of %d name %d (%s)", agreeing,
                    (int)TSR_CRITERIA, (int)model->asked_k, names);
}

static void warn_of_kmeans(const tsr_findings *f, json_t *warnings)
{
    const tsr_kmeans *model = f->segmentation->model;
    char moved[32];

    if (model->k < model->asked_k)
        tsr_warn_of(warnings, "%d segments instead of %d: there are no more distinct customers", model->k,
                    model->asked_k);
    if (model->stop == TSR_STOP_MAXIMUM)
        tsr_warn_of(warnings, "K-means stopped at cluster.max_iter = %lld with %s customers still moving",
                    (long long)model->iterations, tsr_grouped(model->moved, moved));
    if (model->stop == TSR_STOP_CYCLE)
        tsr_warn_of(warnings, "K-means stopped with %s customers that swing between segments equally near",
                    tsr_grouped(model->moved, moved));
    warn_of_choice(f, warnings);
}

static void warn_of_tiers(const tsr_findings *f, json_t *warnings)
{
    const int32_t empty = f->segmentation->tiers.left_out;

    if (empty > 0)
        tsr_warn_of(warnings, "%d tier%s of cluster.tiers: nobody is in it, so %s left out", (int)empty,
                    empty == 1 ? "" : "s", empty == 1 ? "it is" : "they are");
}

static void warn_of_rfm(const tsr_findings *f, json_t *warnings)
{
    char names[400];
    bool scored = f->rfm->groups > 0 && f->profile->money;
    int32_t empty = scored ? tsr_rfm_empty_groups(f->rfm, names, sizeof names) : 0;

    if (empty > 0)
        tsr_warn_of(warnings, "%d RFM group%s of the scheme %s: nobody is in it (%s)", empty, empty == 1 ? "" : "s",
                    f->rfm->scheme, names);
}

json_t *tsr_warnings_of(const tsr_findings *f)
{
    json_t *warnings = json_array();

    warn_of_features(f, warnings);
    if (f->segmentation->model != NULL) warn_of_kmeans(f, warnings);
    warn_of_tiers(f, warnings);
    warn_of_flags(f, warnings);
    warn_of_rfm(f, warnings);
    json_t *of_value = tsr_value_warnings(&f->run->settings->value, f->worth);
    json_array_extend(warnings, of_value);
    json_decref(of_value);
    return warnings;
}
