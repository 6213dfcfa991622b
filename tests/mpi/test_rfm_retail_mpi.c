#include "mpi_test.h"

#include <math.h>
#include <zlib.h>

#include "cdnow.h"
#include "mpi/rfm_table.h"

enum { LINES_MAX = 400000, ONLINE_RETAIL = 4338 };

/* ---- Online Retail, read by a few lines of its own ---- */

typedef struct line {
    int32_t customer, invoice, day; /* day of December 2010 = 1, counted on */
    int64_t amount;                 /* thousandths */
} line;

static int by_customer(const void *left, const void *right)
{
    const line *a = left, *b = right;

    if (a->customer != b->customer) return a->customer < b->customer ? -1 : 1;
    return (a->invoice > b->invoice) - (a->invoice < b->invoice);
}

static int32_t day_of(const char *date)
{
    static const int32_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int year = 0, month = 1, day = 0;

    if (sscanf(date, "%d-%d-%d", &year, &month, &day) != 3) return 0;
    return (year - 2010) * 365 + before[month - 1] + day;
}

static int64_t thousandths(const char *text)
{
    int64_t value = 0, scale = 0;

    for (; *text != '\0'; text++) {
        if (*text == '.')
            scale = 1;
        else {
            value = 10 * value + (*text - '0');
            if (scale > 0) scale *= 10;
        }
    }
    for (scale = scale > 0 ? scale : 1; scale < 1000; scale *= 10) value *= 10;
    return value;
}

/* Cut a line into fields; commas within quotes belong to their field. */
static int cut_fields(char *text, char **field, int most)
{
    int n = 0;
    bool quoted = false;

    field[n++] = text;
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '"') quoted = !quoted;
        if (*c == '\n' || *c == '\r') *c = '\0';
        if (*c != ',' || quoted || n == most) continue;
        *c = '\0';
        field[n++] = c + 1;
    }
    return n;
}

/* Rows with a customer, positive quantity and price, not cancelled. */
static int32_t read_lines(gzFile file, line *lines)
{
    char text[4096], *field[8];
    int32_t n = 0;

    while (gzgets(file, text, sizeof text) != NULL) {
        if (cut_fields(text, field, 8) != 8 || field[6][0] < '0' || field[6][0] > '9' || field[0][0] == 'C') continue;
        int64_t quantity = atoll(field[3]), price = field[5][0] == '-' ? 0 : thousandths(field[5]);
        if (quantity <= 0 || price <= 0 || n == LINES_MAX) continue;
        lines[n++] = (line){atoi(field[6]), atoi(field[0]), day_of(field[4]), quantity * price};
    }
    return n;
}

static int32_t make_customers(line *lines, int32_t n)
{
    const int32_t as_of = day_of("2011-12-10");
    int32_t made = 0;

    qsort(lines, (size_t)n, sizeof *lines, by_customer);
    for (int32_t i = 0; i < n; i++) {
        bool new_customer = i == 0 || lines[i].customer != lines[i - 1].customer;
        if (new_customer && made == CUSTOMERS_MAX) return -1;
        if (new_customer) customers[made++] = (customer){.recency_days = INT32_MAX};
        customer *c = &customers[made - 1];
        if (new_customer || lines[i].invoice != lines[i - 1].invoice) c->orders++;
        if (as_of - lines[i].day < c->recency_days) c->recency_days = as_of - lines[i].day;
        c->revenue += lines[i].amount;
    }
    return made;
}

/* Collective. The root reads, all get `customers`; 0: no data. */
static int32_t read_online_retail(const tsr_comm *comm)
{
    int32_t made = 0;

    if (comm->rank == 0) {
        gzFile file = gzopen(data_path("online_retail/online_retail.csv.gz"), "rb");
        line *lines = malloc(LINES_MAX * sizeof *lines);
        if (file != NULL && lines != NULL) made = make_customers(lines, read_lines(file, lines));
        if (file != NULL) gzclose(file);
        free(lines);
    }
    tsr_bcast(comm, &made, sizeof made, 0);
    tsr_bcast(comm, customers, sizeof customers, 0);
    return made;
}

static bool scores_are(const tsr_rfm *rfm, const int64_t scores[3][5])
{
    bool all = true;

    for (int a = 0; a < 3; a++)
        for (int i = 0; i < rfm->bins; i++) all = all && rfm->axis[a].count[i] == scores[a][i];
    return all;
}

static bool weights_are(const double weight[3], double r, double f, double m)
{
    return fabs(weight[0] - r) < 2e-8 && fabs(weight[1] - f) < 2e-8 && fabs(weight[2] - m) < 2e-8;
}

typedef struct group_count {
    const char *name;
    int64_t customers;
} group_count;

static bool groups_are(const tsr_rfm *rfm, const group_count *groups, int n)
{
    bool all = rfm->groups == n + 1 && count_of(rfm, "Prospect") == 0;

    for (int i = 0; i < n; i++) all = all && count_of(rfm, groups[i].name) == groups[i].customers;
    return all;
}

/* Collective. False where the data is missing and may be. */
static bool with_online_retail(const tsr_comm *comm)
{
    int32_t made = read_online_retail(comm);

    if (made == 0 && !data_required()) {
        print_message("the data is not at %s: skipped\n", data_path("online_retail"));
        return false;
    }
    CHECK_ALL(comm, made == ONLINE_RETAIL);
    return true;
}

static void online_retail_gives_the_reference_counts_on_any_ranks(void **state)
{
    static const double edges[3][4] = {{13.8, 33, 72, 180}, {1, 2, 3, 6}, {250.194, 490.096, 942.276, 2058.426}};
    static const int64_t scores[3][5] = {{861, 866, 863, 880, 868},
                                         {1493, 835, 508, 802, 700},
                                         {868, 867, 868, 867, 868}};
    static const group_count table_c[] = {{"Champions", 798},           {"Hibernating", 668},     {"Lost", 567},
                                          {"New Customers", 407},       {"Loyal", 403},           {"At Risk", 348},
                                          {"Potential Loyalists", 307}, {"Need Attention", 254},  {"Promising", 243},
                                          {"About to Sleep", 220},      {"Cannot Lose Them", 123}};
    const tsr_comm *comm = *state;
    static tsr_rfm first, rfm;

    if (!with_online_retail(comm)) skip();
    for (int shape = 0; shape < 3; shape++) {
        CHECK_ALL(comm, fit(comm, "table_c", ONLINE_RETAIL, shape, 3, &rfm) == TSR_OK);
        for (int i = 0; i < 12; i++) CHECK_ALL(comm, fabs(rfm.axis[i / 4].edge[0][i % 4] - edges[i / 4][i % 4]) < 1e-9);
        CHECK_ALL(comm, scores_are(&rfm, scores) && rfm.customers == ONLINE_RETAIL);
        CHECK_ALL(comm, groups_are(&rfm, table_c, 11));
        if (shape == 0) first = rfm;
        CHECK_ALL(comm, same_fit(&first, &rfm));
    }
}

/* Rules V, P, K, Q and the mean as the notes give them; N with ties by customer, nested V and scheme E by NumPy. */
static void online_retail_by_every_rule_and_scheme(void **state)
{
    static const struct {
        const char *scheme;
        int32_t rule;
        bool nested;
        int64_t scores[3][5];
        group_count groups[11];
    } fits[] = {
        {"grid_a",
         TSR_RFM_AUTO,
         false,
         {{861, 866, 863, 880, 868}, {1493, 835, 508, 802, 700}, {868, 867, 868, 867, 868}},
         {{"Hibernating", 1335},
          {"Loyal", 688},
          {"Champions", 604},
          {"Potential Loyalists", 484},
          {"About to Sleep", 478},
          {"At Risk", 357},
          {"Promising", 169},
          {"Need Attention", 121},
          {"New", 67},
          {"Can't Lose", 35}}},
        {"grid_a",
         TSR_RFM_RANK,
         false,
         {{868, 867, 868, 867, 868}, {868, 867, 868, 867, 868}, {868, 867, 868, 867, 868}},
         {{"Hibernating", 1072},
          {"Loyal", 812},
          {"Champions", 633},
          {"At Risk", 598},
          {"Potential Loyalists", 481},
          {"About to Sleep", 353},
          {"Need Attention", 188},
          {"Promising", 94},
          {"Can't Lose", 65},
          {"New", 42}}},
        {"table_c",
         TSR_RFM_RANK_WIDTH,
         false,
         {{881, 846, 863, 880, 868}, {1493, 835, 508, 802, 700}, {868, 867, 868, 867, 868}},
         {{"Champions", 798},
          {"Hibernating", 657},
          {"Lost", 577},
          {"New Customers", 407},
          {"Loyal", 403},
          {"At Risk", 348},
          {"Potential Loyalists", 307},
          {"Need Attention", 254},
          {"Promising", 243},
          {"About to Sleep", 219},
          {"Cannot Lose Them", 125}}},
        {"table_c",
         TSR_RFM_VALUE,
         true,
         {{861, 866, 863, 880, 868}, {1772, 702, 403, 863, 598}, {877, 863, 864, 863, 871}},
         {{"Promising", 711},
          {"Potential Loyalists", 707},
          {"Cannot Lose Them", 573},
          {"At Risk", 458},
          {"Hibernating", 345},
          {"New Customers", 316},
          {"Lost", 298},
          {"Need Attention", 255},
          {"About to Sleep", 234},
          {"Champions", 224},
          {"Loyal", 217}}},
        {"ranges_d",
         TSR_RFM_AUTO,
         false,
         {{861, 866, 863, 880, 868}, {1493, 835, 508, 802, 700}, {869, 869, 866, 866, 868}},
         {{"Potential Loyalists", 1280},
          {"Lost", 772},
          {"Loyal", 687},
          {"About to Sleep", 631},
          {"New", 356},
          {"Champions", 324},
          {"Promising", 98},
          {"Can't Lose", 81},
          {"At Risk", 63},
          {"Need Attention", 32},
          {"Others", 14}}},
        {"quartiles_e",
         TSR_RFM_AUTO,
         false,
         {{1085, 1077, 1073, 1103}, {2328, 1138, 872, 0}, {1085, 1084, 1084, 1085}},
         {{"Inactive Customer", 1483},
          {"At Risk Customer", 997},
          {"Top Spender", 824},
          {"Premium Customer", 753},
          {"Other", 186},
          {"Repeat Customer", 95}}},
        {"eight_f",
         TSR_RFM_AUTO,
         false,
         {{1424, 2914}, {3224, 1114}, {3467, 871}},
         {{"Important: value", 689},
          {"Important: develop", 117},
          {"Important: keep", 27},
          {"Important: win back", 38},
          {"General: value", 358},
          {"General: develop", 1750},
          {"General: keep", 40},
          {"General: win back", 1319}}},
        {"eight_f",
         TSR_RFM_MEDIAN,
         false,
         {{2203, 2135}, {2328, 2010}, {2169, 2169}},
         {{"Important: value", 1289},
          {"Important: develop", 147},
          {"Important: keep", 436},
          {"Important: win back", 297},
          {"General: value", 142},
          {"General: develop", 557},
          {"General: keep", 143},
          {"General: win back", 1327}}},
    };
    const tsr_comm *comm = *state;
    static tsr_rfm rfm;

    if (!with_online_retail(comm)) skip();
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        tsr_rfm_params params = {.scheme = (char *)fits[i].scheme,
                                 .rule = fits[i].rule,
                                 .nested = fits[i].nested,
                                 .weights = i % 3};
        int groups = 0;
        while (groups < 11 && fits[i].groups[groups].name != NULL) groups++;
        CHECK_ALL(comm, fit_params(comm, &params, ONLINE_RETAIL, (int)(i % 3), 3, &rfm) == TSR_OK);
        CHECK_ALL(comm, scores_are(&rfm, fits[i].scores) && groups_are(&rfm, fits[i].groups, groups));
    }
}

/* Of values as the notes give them, of scores by NumPy; they contradict each other, so both are shown. */
static void online_retail_gives_the_published_weights(void **state)
{
    const tsr_comm *comm = *state;
    char *text[] = {"3", "5", "2"};
    tsr_rfm_params params = {.scheme = "table_c",
                             .weights = TSR_RFM_CRITIC,
                             .weights_of = TSR_RFM_OF_VALUES,
                             .ahp = {.n = 3, .text = text}};
    static tsr_rfm rfm;

    if (!with_online_retail(comm)) skip();
    CHECK_ALL(comm, fit_params(comm, &params, ONLINE_RETAIL, 0, 3, &rfm) == TSR_OK);
    const tsr_rfm_weights *w = &rfm.weights;
    CHECK_ALL(comm, weights_are(w->of_values[TSR_RFM_ENTROPY], .03309054, .41537526, .55153420));
    CHECK_ALL(comm, weights_are(w->of_values[TSR_RFM_CRITIC], .83390292, .08439329, .08170379));
    CHECK_ALL(comm, weights_are(w->of_scores[TSR_RFM_ENTROPY], .2739398152, .4501231026, .2759370823));
    CHECK_ALL(comm, weights_are(w->of_scores[TSR_RFM_CRITIC], .4064708053, .2879377787, .3055914160));
    CHECK_ALL(comm, weights_are(w->of_scores[TSR_RFM_AHP], .6483290138, .2296507941, .1220201921));
    CHECK_ALL(comm, fabs(w->consistency - .0031849983307239735) < 1e-12);
    CHECK_ALL(comm, memcmp(w->used, w->of_values[TSR_RFM_CRITIC], sizeof w->used) == 0);
    params.weights = TSR_RFM_AHP;
    text[1] = "1/5"; /* recency over frequency over money over recency */
    CHECK_ALL(comm, fit_params(comm, &params, ONLINE_RETAIL, 0, 3, &rfm) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "consistency ratio 1.232") != NULL);
}

static void remove_the_table(void **state)
{
    const tsr_comm *comm = *state;

    if (comm->rank == 0) remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(online_retail_gives_the_reference_counts_on_any_ranks),
        cmocka_unit_test(online_retail_by_every_rule_and_scheme),
        cmocka_unit_test(online_retail_gives_the_published_weights),
        cmocka_unit_test(remove_the_table),
    };

    name_file(path, "rfm_retail_mpi", ".h5");
    return RUN_MPI_TESTS(tests);
}
