#include <string.h>

#include "tessera/memory.h"
#include "tessera/pca.h"

tsr_status tsr_pca_save(const tsr_pca *pca, tsr_bundle *bundle)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put(bundle, "/pca/mean", TSR_F64, pca->cols, 0, pca->mean, "scaled", "centre of the features"));
    TSR_TRY(tsr_bundle_put(bundle, "/pca/components", TSR_F64, pca->components, pca->cols, pca->vector, "1",
                           "principal components, one per row"));
    TSR_TRY(tsr_bundle_put(bundle, "/pca/variance", TSR_F64, pca->cols, 0, pca->variance, "scaled^2",
                           "eigenvalues of the covariance, all of them, largest first"));
    TSR_TRY(tsr_bundle_put_real(bundle, "/pca/step", pca->step));
done:
    return st;
}

tsr_status tsr_pca_load(const tsr_bundle *bundle, tsr_pca **pca)
{
    tsr_status st;
    tsr_pca *p = NULL;
    int64_t components = 0, cols = 0, means = 0, variances = 0;
    const void *vector = NULL, *mean = NULL, *variance = NULL;

    *pca = NULL;
    TSR_TRY(tsr_bundle_get(bundle, "/pca/components", TSR_F64, &components, &cols, &vector));
    TSR_TRY(tsr_bundle_get(bundle, "/pca/mean", TSR_F64, &means, NULL, &mean));
    TSR_TRY(tsr_bundle_get(bundle, "/pca/variance", TSR_F64, &variances, NULL, &variance));
    if (means != cols || variances != cols || components < 1 || components > cols) {
        st = TSR_FAIL(TSR_EDATA, "/pca: shapes of mean, components and variance do not fit together");
        goto done;
    }
    TSR_TRY(tsr_alloc(&p, 1, sizeof *p));
    p->cols = (int32_t)cols;
    p->components = (int32_t)components;
    TSR_TRY(tsr_alloc(&p->mean, cols, sizeof *p->mean));
    TSR_TRY(tsr_alloc(&p->vector, components * cols, sizeof *p->vector));
    TSR_TRY(tsr_alloc(&p->variance, cols, sizeof *p->variance));
    memcpy(p->mean, mean, (size_t)cols * sizeof *p->mean);
    memcpy(p->vector, vector, (size_t)(components * cols) * sizeof *p->vector);
    memcpy(p->variance, variance, (size_t)cols * sizeof *p->variance);
    TSR_TRY(tsr_bundle_get_real(bundle, "/pca/step", &p->step));
    *pca = p;
    p = NULL;
done:
    tsr_pca_destroy(&p);
    return st;
}
