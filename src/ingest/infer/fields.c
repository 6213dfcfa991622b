#include "ingest/infer/fields.h"

#include <ctype.h>
#include <string.h>

/* Names of columns, small letters and digits alone, by field; the first one that is there wins. */
typedef struct known_field {
    const char *field;
    const char *const names[20];
} known_field;

static const known_field id_field = {"id",
                                     {"customerid", "customer", "custid", "clientid", "client", "userid", "user",
                                      "memberid", "member", "accountid", "account", "personid", "householdid",
                                      "customerno", "customernumber", "visitorid", "id", "cid", "uid"}};

static const known_field transaction_fields[] = {
    {"time",
     {"invoicedate", "orderdate", "purchasedate", "transactiondate", "datetime", "timestamp", "date", "time", "when",
      "createdat", "day"}},
    {"amount",
     {"amount", "total", "totalprice", "totalamount", "revenue", "spend", "sales", "value", "dollars", "dollarvalue",
      "sum", "net", "gross", "paid"}},
    {"quantity", {"quantity", "qty", "units", "count", "numberofcds", "ncds", "pieces"}},
    {"price", {"unitprice", "price", "priceeach", "itemprice"}},
    {"order",
     {"orderid", "order", "invoiceno", "invoice", "invoiceid", "basketid", "basket", "receiptid", "receipt",
      "transactionid", "ticket", "orderno", "ordernumber"}},
    {"item", {"stockcode", "sku", "itemid", "item", "productid", "product", "productcode", "article", "articleid"}},
    {"category", {"category", "productcategory", "department", "productline"}},
    {"promotion", {"promotion", "promo", "coupon", "couponcode", "voucher"}},
    {"currency", {"currency", "currencycode", "iso4217"}},
};
static const known_field event_fields[] = {
    {"time", {"eventtime", "timestamp", "datetime", "time", "date", "createdat", "when"}},
    {"type", {"eventtype", "event", "type", "action", "activity", "eventname"}},
    {"channel", {"channel", "device", "platform", "medium"}},
    {"value", {"value", "duration", "seconds", "dwell", "amount", "score"}},
};
static const known_field campaign_fields[] = {
    {"assigned", {"assigned", "assignedat", "date", "time", "timestamp", "contactdate"}},
    {"campaign", {"campaign", "campaignid", "campaignname"}},
    {"arm", {"arm", "variant", "segment", "treatment", "group", "cell"}},
    {"sent", {"sent", "sentat", "delivered"}},
    {"opened", {"opened", "openedat", "open", "visit"}},
    {"clicked", {"clicked", "clickedat", "click"}},
    {"converted", {"converted", "convertedat", "conversion", "response", "responded"}},
    {"revenue", {"revenue", "spend", "amount"}},
    {"cost", {"cost", "costs"}},
};
static const known_field consent_fields[] = {
    {"time", {"time", "timestamp", "date", "givenat", "changedat", "when"}},
    {"purpose", {"purpose", "channel", "scope"}},
    {"status", {"status", "consent", "optin", "granted"}},
};
static const known_field other_fields[] = {
    {"other",
     {"otherid", "other", "alias", "aliasid", "email", "mail", "emailaddress", "phone", "mobile", "telephone",
      "phonenumber", "cookieid", "deviceid"}},
};

#define COUNT(list) ((int32_t)(sizeof(list) / sizeof *(list)))

#define ROWS_OF_AN_ID 20 /* at most, on average */

static bool same_name(const char *column, const char *known)
{
    for (; *column != '\0'; column++) {
        if (!isalnum((unsigned char)*column)) continue;
        if (tolower((unsigned char)*column) != *known) return false;
        known++;
    }
    return *known == '\0';
}

static bool is_taken(const tsr_source_guess *guess, int32_t column)
{
    for (int32_t i = 0; i < guess->n; i++)
        if (guess->field[i].column == column) return true;
    return false;
}

static int32_t find_known(const tsr_sniffed *sniffed, const tsr_source_guess *guess, const known_field *known)
{
    for (int32_t k = 0; k < COUNT(known->names) && known->names[k] != NULL; k++)
        for (int32_t c = 0; c < sniffed->columns; c++)
            if (sniffed->column[c].in_file && !is_taken(guess, c) &&
                same_name(sniffed->column[c].name, known->names[k]))
                return c;
    return -1;
}

static void take(tsr_source_guess *guess, const char *field, int32_t column)
{
    if (column >= 0 && guess->n < TSR_FIELDS_MAX) guess->field[guess->n++] = (tsr_field_guess){field, column};
}

static void take_known(const tsr_sniffed *sniffed, const known_field *known, int32_t n, tsr_source_guess *guess)
{
    for (int32_t i = 0; i < n; i++) take(guess, known[i].field, find_known(sniffed, guess, &known[i]));
}

int32_t tsr_fields_column(const tsr_source_guess *guess, const char *field)
{
    for (int32_t i = 0; i < guess->n; i++)
        if (strcmp(guess->field[i].field, field) == 0) return guess->field[i].column;
    return -1;
}

/* ---- by what columns hold ---- */

static tsr_guess_form form_of(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks, int32_t c)
{
    return tsr_guess_of(&sniffed->column[c].guess, clocks, sniffed->column[c].name);
}

static int32_t find_form(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks, const tsr_source_guess *guess,
                         tsr_guess_form form)
{
    for (int32_t c = 0; c < sniffed->columns; c++)
        if (!is_taken(guess, c) && form_of(sniffed, clocks, c) == form) return c;
    return -1;
}

static const char *const people_words[] = {"cust", "client", "user", "member", "account", "kund", NULL};
static const char *const money_words[] = {"amount", "total", "revenue", "sales", "paid", "spend", "betrag", NULL};

/* Does the name of the column hold one of the words? */
static bool speaks_of(const tsr_sniffed_column *column, const char *const *words)
{
    for (; column->in_file && *words != NULL; words++)
        if (tsr_guess_hints(column->name, *words)) return true;
    return false;
}

/* Without a name that is known: the first column of whole numbers or texts with many values, of those whose names
 * speak of people if there are any. */
static int32_t likely_id(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks)
{
    int32_t likely = -1;

    for (int32_t c = 0; c < sniffed->columns; c++) {
        tsr_guess_form form = form_of(sniffed, clocks, c);
        const tsr_guess *guess = &sniffed->column[c].guess;
        bool many = guess->different == TSR_GUESS_DIFFERENT || guess->different * ROWS_OF_AN_ID >= guess->filled;
        if (!many || (form != TSR_GUESS_WHOLE && form != TSR_GUESS_TEXT && form != TSR_GUESS_CATEGORY)) continue;
        if (speaks_of(&sniffed->column[c], people_words)) return c;
        if (likely < 0) likely = c;
    }
    return likely;
}

static bool has(const tsr_sniffed *sniffed, const known_field *known)
{
    tsr_source_guess none = {.n = 0};

    return find_known(sniffed, &none, known) >= 0;
}

static int32_t guess_kind(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks)
{
    tsr_source_guess none = {.n = 0};
    bool money = has(sniffed, &transaction_fields[1]) || has(sniffed, &transaction_fields[3]);
    bool record = money || has(sniffed, &event_fields[1]); /* then a time has its name, in whatever form it is */
    bool time =
        find_form(sniffed, clocks, &none, TSR_GUESS_TIME) >= 0 || (record && has(sniffed, &transaction_fields[0]));

    if (has(sniffed, &consent_fields[1]) && has(sniffed, &consent_fields[2]) && time) return TSR_SOURCE_CONSENT;
    if (has(sniffed, &campaign_fields[1]) && (has(sniffed, &campaign_fields[2]) || has(sniffed, &campaign_fields[3])))
        return TSR_SOURCE_CAMPAIGNS;
    if (time && has(sniffed, &event_fields[1]) && !money) return TSR_SOURCE_EVENTS;
    if (time) return TSR_SOURCE_TRANSACTIONS;
    if (sniffed->columns == 2 && has(sniffed, &other_fields[0]) && has(sniffed, &id_field))
        return TSR_SOURCE_IDENTITIES;
    return TSR_SOURCE_CUSTOMERS;
}

/* Where no name says which column is the time. */
static void take_time(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks, tsr_source_guess *guess,
                      const char *field)
{
    if (tsr_fields_column(guess, field) < 0) take(guess, field, find_form(sniffed, clocks, guess, TSR_GUESS_TIME));
}

/* Without a name that is known: numbers with decimals, or whole ones in a column whose name speaks of money. */
static int32_t likely_amount(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks, const tsr_source_guess *guess)
{
    int32_t likely = find_form(sniffed, clocks, guess, TSR_GUESS_NUMBER);

    if (likely < 0) likely = find_form(sniffed, clocks, guess, TSR_GUESS_COMMA);
    for (int32_t c = 0; c < sniffed->columns; c++) {
        tsr_guess_form form = form_of(sniffed, clocks, c);
        bool number = form == TSR_GUESS_WHOLE || form == TSR_GUESS_NUMBER || form == TSR_GUESS_COMMA;
        if (number && !is_taken(guess, c) && speaks_of(&sniffed->column[c], money_words)) return c;
    }
    return likely;
}

static void guess_transactions(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks, tsr_source_guess *guess)
{
    take_known(sniffed, transaction_fields, COUNT(transaction_fields), guess);
    take_time(sniffed, clocks, guess, "time");
    bool amount = tsr_fields_column(guess, "amount") >= 0;
    bool product = tsr_fields_column(guess, "price") >= 0 && tsr_fields_column(guess, "quantity") >= 0;
    if (!amount && !product) take(guess, "amount", likely_amount(sniffed, clocks, guess));
    for (int32_t i = 0; i < guess->n; i++) /* amount, or price: not both */
        if (strcmp(guess->field[i].field, "price") == 0 && (tsr_fields_column(guess, "amount") >= 0 || !product))
            guess->field[i] = guess->field[--guess->n];
}

static void guess_match(const tsr_sniffed *sniffed, tsr_source_guess *guess)
{
    int32_t c = tsr_fields_column(guess, "other");
    const char *name = c >= 0 ? sniffed->column[c].name : "";

    guess->match = TSR_MATCH_ID;
    if (tsr_guess_hints(name, "mail")) guess->match = TSR_MATCH_EMAIL;
    if (tsr_guess_hints(name, "phone") || tsr_guess_hints(name, "mobile")) guess->match = TSR_MATCH_PHONE;
    if (tsr_guess_hints(name, "cookie") || tsr_guess_hints(name, "device")) guess->match = TSR_MATCH_EXACT;
}

void tsr_fields_guess(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks, tsr_source_guess *guess)
{
    *guess = (tsr_source_guess){.kind = guess_kind(sniffed, clocks)};
    take(guess, "id", find_known(sniffed, guess, &id_field));
    guess->sure_id = guess->n > 0;
    if (!guess->sure_id) take(guess, "id", likely_id(sniffed, clocks));
    switch (guess->kind) {
    case TSR_SOURCE_TRANSACTIONS: guess_transactions(sniffed, clocks, guess); break;
    case TSR_SOURCE_EVENTS: take_known(sniffed, event_fields, COUNT(event_fields), guess); break;
    case TSR_SOURCE_CAMPAIGNS: take_known(sniffed, campaign_fields, COUNT(campaign_fields), guess); break;
    case TSR_SOURCE_CONSENT: take_known(sniffed, consent_fields, COUNT(consent_fields), guess); break;
    case TSR_SOURCE_IDENTITIES: take_known(sniffed, other_fields, COUNT(other_fields), guess); break;
    default: break;
    }
    if (guess->kind == TSR_SOURCE_EVENTS || guess->kind == TSR_SOURCE_CONSENT)
        take_time(sniffed, clocks, guess, "time");
    if (guess->kind == TSR_SOURCE_CAMPAIGNS) take_time(sniffed, clocks, guess, "assigned");
    if (guess->kind == TSR_SOURCE_IDENTITIES) guess_match(sniffed, guess);
}
