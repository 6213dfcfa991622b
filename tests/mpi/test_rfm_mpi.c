#include "mpi_test.h"

#include <math.h>
#include <zlib.h>

#include "cdnow.h"
#include "mpi/value_table.h"
#include "tessera/rfm.h"

static char path[64]; /* of this number of ranks: tests of several may run at once */
static char scheme[64];

typedef struct customer {
    int32_t recency_days, orders;
    int64_t revenue;
} customer;

enum { CUSTOMERS_MAX = 5000, LINES_MAX = 400000, ONLINE_RETAIL = 4338 };
static customer customers[CUSTOMERS_MAX];
static uint64_t keys[CUSTOMERS_MAX];

static const value_column columns[] = {{"recency_days", TSR_I32, &customers[0].recency_days, sizeof customers[0]},
                                       {"orders", TSR_I32, &customers[0].orders, sizeof customers[0]},
                                       {"revenue", TSR_I64, &customers[0].revenue, sizeof customers[0]}};

/* Collective. Fit to the first `rows` of `customers`. */
static tsr_status fit_params(const tsr_comm *comm, const tsr_rfm_params *params, int64_t rows, int shape,
                             int32_t money_scale, tsr_rfm *rfm)
{
    tsr_span span = span_shape(comm, shape, rows);

    for (int64_t i = 0; i < rows; i++) keys[i] = 1000 + 3 * (uint64_t)i;
    CHECK_ALL(comm, write_features(comm, path, columns, 3, rows) == TSR_OK);
    return tsr_rfm_fit(comm, params, path, &span, keys + span.first, money_scale, rfm);
}

static tsr_status fit(const tsr_comm *comm, const char *name, int64_t rows, int shape, int32_t money_scale,
                      tsr_rfm *rfm)
{
    tsr_rfm_params params = {.scheme = (char *)name};

    return fit_params(comm, &params, rows, shape, money_scale, rfm);
}

static int64_t count_of(const tsr_rfm *rfm, const char *name)
{
    for (int32_t i = 0; i < rfm->groups; i++)
        if (strcmp(rfm->name[i], name) == 0) return rfm->count[i];
    return -1;
}

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

static bool same_fit(const tsr_rfm *a, const tsr_rfm *b)
{
    return memcmp(a->axis, b->axis, sizeof a->axis) == 0 && memcmp(a->count, b->count, sizeof a->count) == 0 &&
           memcmp(a->cell_count, b->cell_count, sizeof a->cell_count) == 0 &&
           memcmp(&a->weights, &b->weights, sizeof a->weights) == 0 && a->customers == b->customers;
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

/* ---- made-up customers ---- */

static void make_some(int64_t rows)
{
    for (int64_t i = 0; i < rows; i++)
        customers[i] = (customer){(int32_t)(i * 37 % 101), (int32_t)(i * i % 7) + 1, i * 7919 % 1009 - 50};
}

/* All alike but for their keys: equal counts, rising with the row. */
static void ties_are_cut_in_the_order_of_keys(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm_params params = {.scheme = "table_c", .rule = TSR_RFM_RANK};
    static tsr_rfm rfm;

    for (int i = 0; i < 101; i++) customers[i] = (customer){i == 50 ? -1 : 9, i == 50 ? 0 : 1, 100};
    for (int shape = 0; shape < 3; shape++) {
        CHECK_ALL(comm, fit_params(comm, &params, 101, shape, 2, &rfm) == TSR_OK);
        for (int i = 0; i < 5; i++) CHECK_ALL(comm, rfm.axis[0].count[i] == 20 && rfm.axis[1].count[i] == 20);
        for (int i = 0; i < 101; i++) {
            int place = i < 50 ? i : i - 1; /* without the prospect */
            tsr_rfm_scores s = tsr_rfm_score(&rfm, &(tsr_rfm_customer){9, 1, 100, keys[i]}, 2);
            if (i != 50) CHECK_ALL(comm, s.f == place / 20 + 1 && s.r == 5 - place / 20);
        }
    }
}

static void every_rule_gives_the_same_bits_on_any_ranks(void **state)
{
    static const char *const scheme_of[TSR_RFM_RULES] = {[TSR_RFM_MEAN] = "eight_f", [TSR_RFM_MEDIAN] = "eight_f"};
    const tsr_comm *comm = *state;
    static tsr_rfm first, rfm;

    make_some(700);
    for (int i = 0; i < 700; i += 9) customers[i] = (customer){-1, 0, 0};
    for (int32_t rule = TSR_RFM_VALUE; rule < TSR_RFM_RULES; rule++)
        for (int nested = 0; nested < 2; nested++) {
            tsr_rfm_params params = {.scheme = (char *)(scheme_of[rule] != NULL ? scheme_of[rule] : "none"),
                                     .rule = rule,
                                     .nested = nested > 0,
                                     .weights = TSR_RFM_ENTROPY,
                                     .bins = scheme_of[rule] != NULL ? 0 : 3 + rule};
            int64_t cells = 0;
            for (int shape = 0; shape < 2; shape++) {
                CHECK_ALL(comm, fit_params(comm, &params, 700, shape, 2, shape == 0 ? &first : &rfm) == TSR_OK);
            }
            CHECK_ALL(comm, same_fit(&first, &rfm) && same_on_all(comm, &rfm, sizeof rfm));
            for (int i = 0; i < TSR_RFM_CELLS_MAX; i++) cells += rfm.cell_count[i];
            CHECK_ALL(comm, cells == 622 && rfm.customers == 622);
        }
}

static void given_thresholds_replace_those_of_the_data(void **state)
{
    const tsr_comm *comm = *state;
    char *days[] = {"30"}, *orders[] = {"2.5"};
    tsr_rfm_params params = {.scheme = "eight_f", .threshold = {{1, days}, {1, orders}, {0, NULL}}};
    static tsr_rfm rfm;

    for (int i = 0; i < 100; i++) customers[i] = (customer){i, i % 5 + 1, 100 * i};
    CHECK_ALL(comm, fit_params(comm, &params, 100, 1, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.axis[0].count[1] == 31 && rfm.axis[1].count[0] == 40);
    CHECK_ALL(comm, rfm.axis[2].edge[0][0] == 49.5 && rfm.axis[2].count[1] == 50);
}

static bool is_refused(const tsr_comm *comm, const tsr_rfm_params *params, const char *message)
{
    static tsr_rfm rfm;

    return fit_params(comm, params, 50, 0, 2, &rfm) == TSR_ECONF && strstr(tsr_error_last()->text, message) != NULL;
}

static void faulty_settings_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    char *falling[] = {"1", "5", "4", "9"}, *words[] = {"1", "2", "three", "4"};
    char *text[] = {"3", "4"};

    make_some(50);
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "table_c", .threshold = {{.n = 4, .text = falling}}},
                               "`rfm.thresholds.recency_days`: thresholds must rise, but 4"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "table_c", .threshold = {[2] = {4, words}}},
                               "`rfm.thresholds.revenue`: three is no number"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "table_c", .threshold = {[1] = {2, text}}},
                               "`rfm.thresholds.orders` has 2 thresholds: 5 classes need 4"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "table_c", .bins = 4}, "names cells of 5 classes"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "grid_a", .rule = TSR_RFM_MEAN}, "makes two classes"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "grid_a", .weights = TSR_RFM_AHP}, "`rfm.ahp`"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "grid_a", .ahp = {2, text}}, "2 comparisons"));
}

static void prospects_count_in_no_score(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm with, without;

    make_some(600);
    CHECK_ALL(comm, fit(comm, "table_c", 300, 0, 2, &without) == TSR_OK);
    for (int i = 300; i < 600; i++) customers[i] = (customer){-1, 0, 0};
    CHECK_ALL(comm, fit(comm, "table_c", 600, 0, 2, &with) == TSR_OK);
    CHECK_ALL(comm, memcmp(with.axis, without.axis, sizeof with.axis) == 0 && with.customers == 300);
    CHECK_ALL(comm, count_of(&with, "Prospect") == 300 && count_of(&without, "Prospect") == 0);
}

static void nobody_with_a_purchase_leaves_only_prospects(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    for (int i = 0; i < 10; i++) customers[i] = (customer){-1, 0, 0};
    CHECK_ALL(comm, fit(comm, "table_c", 10, 0, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.customers == 0 && count_of(&rfm, "Prospect") == 10 && isnan(rfm.axis[0].edge[0][0]));
}

static void one_customer_has_equal_edges_and_the_lowest_scores(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    customers[0] = (customer){5, 3, 1000};
    CHECK_ALL(comm, fit(comm, "grid_a", 1, 0, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.customers == 1 && rfm.axis[2].edge[0][0] == 10 && rfm.axis[2].edge[0][3] == 10);
    CHECK_ALL(comm, rfm.axis[0].count[4] == 1 && rfm.axis[1].count[0] == 1 && rfm.axis[2].count[0] == 1);
}

/* Collective. A scheme file that the root writes. */
static void write_scheme(const tsr_comm *comm, const char *text)
{
    if (comm->rank == 0) {
        FILE *file = fopen(scheme, "w");
        if (file != NULL) fputs(text, file);
        if (file != NULL) fclose(file);
    }
    MPI_Barrier(comm->mpi);
}

static void own_scheme_file_names_the_groups(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    make_some(100);
    write_scheme(comm, "**5\tBig\n**4\tBig\n**3\tSmall\n**2\tSmall\n**1\tSmall\n");
    CHECK_ALL(comm, fit(comm, scheme, 100, 0, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.groups == 3 && count_of(&rfm, "Big") == 40 && count_of(&rfm, "Small") == 60);
    CHECK_ALL(comm, strcmp(rfm.scheme, scheme) == 0);
}

static void faulty_scheme_file_is_one_error_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    make_some(100);
    write_scheme(comm, "***\tAll\n111\tOne\n");
    CHECK_ALL(comm, fit(comm, scheme, 100, 0, 2, &rfm) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, ":2:1: cell 111") != NULL);
    CHECK_ALL(comm, fit(comm, "no/such/scheme.tsv", 100, 0, 2, &rfm) == TSR_EIO);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no/such/scheme.tsv") != NULL);
}

static void failure_of_memory_on_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm_params params = {.scheme = scheme};
    tsr_span span = span_shape(comm, 0, 100);
    tsr_status st = TSR_ENOMEM;
    tsr_rfm rfm;
    int nth;

    make_some(100);
    write_scheme(comm, "***\tAll\n");
    CHECK_ALL(comm, write_features(comm, path, columns, 3, 100) == TSR_OK);
    for (nth = 1; nth < 300 && st != TSR_OK; nth++) {
        fail_last_rank(comm, "alloc", nth);
        st = tsr_rfm_fit(comm, &params, path, &span, keys + span.first, 2, &rfm);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_OK || st == TSR_ENOMEM);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
    }
    CHECK_ALL(comm, nth > 5 && nth < 300);
}

static void ranks_with_different_schemes_are_told_so(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm_params params = {.scheme = (char *)(comm->rank == 0 ? "table_c" : "grid_a")};
    tsr_span span = span_shape(comm, 0, 100);
    tsr_rfm rfm;

    if (comm->size == 1) return;
    make_some(100);
    CHECK_ALL(comm, write_features(comm, path, columns, 3, 100) == TSR_OK);
    CHECK_ALL(comm, tsr_rfm_fit(comm, &params, path, &span, keys + span.first, 2, &rfm) == TSR_ECONF);
}

static void remove_the_files(void **state)
{
    const tsr_comm *comm = *state;

    if (comm->rank != 0) return;
    remove(path);
    remove(scheme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(online_retail_gives_the_reference_counts_on_any_ranks),
        cmocka_unit_test(online_retail_by_every_rule_and_scheme),
        cmocka_unit_test(online_retail_gives_the_published_weights),
        cmocka_unit_test(ties_are_cut_in_the_order_of_keys),
        cmocka_unit_test(every_rule_gives_the_same_bits_on_any_ranks),
        cmocka_unit_test(given_thresholds_replace_those_of_the_data),
        cmocka_unit_test(faulty_settings_are_refused),
        cmocka_unit_test(prospects_count_in_no_score),
        cmocka_unit_test(nobody_with_a_purchase_leaves_only_prospects),
        cmocka_unit_test(one_customer_has_equal_edges_and_the_lowest_scores),
        cmocka_unit_test(own_scheme_file_names_the_groups),
        cmocka_unit_test(faulty_scheme_file_is_one_error_on_all_ranks),
        cmocka_unit_test(failure_of_memory_on_one_rank_is_the_status_of_all),
        cmocka_unit_test(ranks_with_different_schemes_are_told_so),
        cmocka_unit_test(remove_the_files),
    };
    const char *ranks = getenv("OMPI_COMM_WORLD_SIZE");

    snprintf(path, sizeof path, "rfm_mpi_%s.h5", ranks != NULL ? ranks : "1");
    snprintf(scheme, sizeof scheme, "rfm_mpi_%s.tsv", ranks != NULL ? ranks : "1");
    return RUN_MPI_TESTS(tests);
}
