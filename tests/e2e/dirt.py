"""Sources of all kinds with dirt in one cell of twenty, and the job that reads them: from a fixed seed."""
import datetime
import gzip
import json
import random

HOME, SCALE, LIMIT = "Europe/Berlin", 2, 4
RATES = {"USD": "0.9123456", "JPY": "0.0062"}
EPOCH = datetime.datetime(1970, 1, 1)


def source(kind, file, fields, **more):
    return {"kind": kind, "file": file, "fields": fields.split(), "delimiter": ",", "mark": "point", "form": "iso",
            "zone": HOME, "key": [], "reject": None, "match": "id", "types": {}, **more}


SOURCES = [
    source("transactions", "till.csv", "id time amount currency category", delimiter=";", mark="comma",
           form="%d.%m.%Y %H:%M", zone="America/New_York", reject="amount < -80"),
    source("transactions", "shop.csv", "order time id price item quantity", delimiter="\t", key=["order", "item"]),
    source("events", "web.csv.gz", "time id type channel value", form="epoch"),
    source("campaigns", "sent.csv", "id assigned campaign sent opened revenue cost", delimiter="|", form="%Y%m%d"),
    source("consent", "consent.csv", "id purpose status time"),
    source("customers", "crm.csv", "id time age city", types={"age": "number"}),
    source("customers", "app.csv", "id city age tier", types={"age": "number"}),
    source("identities", "pairs.csv", "id other"),
    source("identities", "mails.csv", "id other", match="email"),
]


# ---- cells ----

SORTS = {**dict.fromkeys(["time", "assigned", "sent", "opened"], "time"),
         **dict.fromkeys(["amount", "price", "revenue", "cost"], "money")}
WORDS = ["red", "a,b;c|d", 'say "hi"', "tab\there", "naïve", "", "UPPER", "upper", "1,5"]
CLEAN = {
    "point": ["0", "7.5", "-42.05", "+99", "12.990", "-0", "1234567.89", "-90"],
    "comma": ["0", "7,5", "-42,05", "+99", "12,990", "1.234,50", "-1.234.567", "-81"],
    "id": ["c1", "c2", "c3", " c3", "c4 ", "Ωmega", "007", "7", 'i"d', "x y"] + ["k%d" % i for i in range(20)],
    "other": ["A@b.c", "a@b.c ", "d@e.f", "g@h.i"] + ["m%d@n.o" % i for i in range(9)],
    "currency": ["EUR", "EUR", "USD", "JPY"],
    "quantity": ["1", "2", "-1", "3"],
    "order": ["", "o1", "o2", "o3"],
    "value": ["", "1", "2.5", "1e2", "-3"],
    "age": ["", "30", "31.5", "44"],
}
DIRT = {
    "time": ["", "2024-02-30", "yesterday", "1969-12-31", "2107-01-01", "19691231"],
    "money": ["", "abc", "1e3", "12.345", "12,345", "1.234,5,6", "9" * 20, "0.005", "--5"],
    "id": ["", " ", "b\udcfcr", "x" * 256],
    "other": ["", "nobody"],
    "currency": ["", "eur", "XXX"],
    "quantity": ["", "x"],
    "value": ["x", "1e400"],
    "age": ["old"],
    "text": ["", "b\udcfcr"],
}


def clean_time(draw, s):
    moment = EPOCH + datetime.timedelta(seconds=1711836000 + draw.randrange(-5, 5) * 86400 + draw.randrange(86400))
    if s["form"] == "epoch":
        return "%d" % (moment - EPOCH).total_seconds()
    forms = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.5-05:30"]
    return moment.strftime(draw.choice(forms) if s["form"] == "iso" else s["form"])


def cell(draw, s, field):
    sort = SORTS.get(field, field)
    if draw.random() < 0.05:
        return draw.choice(DIRT.get(sort, DIRT["text"]))
    if field in ("sent", "opened") and draw.random() < 0.5:
        return draw.choice(["", "0", "1"])
    if sort == "time":
        return clean_time(draw, s)
    if field == "other" and s["match"] == "id":
        return draw.choice(CLEAN["id"])
    return draw.choice(CLEAN.get(s["mark"] if sort == "money" else field, WORDS))


# ---- files ----

def quoted(draw, s, text):
    if s["delimiter"] in text or text.startswith('"') or draw.random() < 0.1:
        return '"' + text.replace('"', '""') + '"'
    return text


def write_rows(draw, s):
    rows = [[field.upper() for field in s["fields"]]]
    for _ in range(12 if s["kind"] == "identities" else 150):
        row = [cell(draw, s, field) for field in s["fields"]]
        if draw.random() < 0.02:
            row = draw.choice([row[:-1], row + ["more"]])
        rows += [row] * draw.choice([1] * 9 + [2])
    with (gzip.open if s["file"].endswith(".gz") else open)(s["file"], "wb") as to:
        for row in rows:
            line = s["delimiter"].join(quoted(draw, s, text) for text in row)
            to.write((line + draw.choice(["\n"] * 9 + ["\r\n", "\n\n"])).encode("utf-8", "surrogateescape"))


def write():
    draw = random.Random(20240331)
    job = {"dataset": "data", "output": "run", "ingest": {
        "money": {"scale": SCALE, "currency": "EUR", "rates": RATES}, "time_zone": HOME, "identity_limit": LIMIT,
        "reconcile": {"city": "latest"}, "sources": []}}
    for s in SOURCES:
        write_rows(draw, s)
        entry = {"kind": s["kind"], "files": [s["file"]], "columns": {f: f.upper() for f in s["fields"]},
                 "delimiter": s["delimiter"].replace("\t", "tab"), "time_format": s["form"], "time_zone": s["zone"],
                 "decimal_mark": s["mark"], "key": s["key"], "types": s["types"], "match": s["match"],
                 "reject": [s["reject"]] if s["reject"] else []}
        job["ingest"]["sources"].append(entry)
    with open("job.yaml", "w", encoding="utf-8") as to:
        json.dump(job, to)  # JSON is YAML
