#!/usr/bin/env python3
"""Dirty sources, read by another program: nothing of Tessera is used but what its documentation says.

    reading.py write      write them, and job.yaml (dirt.py)
    reading.py DATASET    compare what was made of them: each record, attribute, merge, refused row, and the balance

Exits 1 with one line per disagreement; 77 where h5py is missing.
"""
import collections
import csv
import ctypes
import datetime
import gzip
import io
import json
import re
import struct
import sys
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from dirt import EPOCH, HOME, LIMIT, RATES, SCALE, SOURCES, write

try:
    import h5py
    import numpy as np

    XXH3 = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
except (ImportError, OSError):
    print("skipped: h5py or libxxhash is not installed")
    sys.exit(77)
XXH3.restype, XXH3.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t]

KINDS = {  # columns as their order decides between equal rows, with what stands where a source has none
    "transactions": [("time", 0), ("amount", 0), ("order", 0), ("item", None), ("quantity", 1), ("category", None)],
    "events": [("time", 0), ("type", None), ("channel", None), ("value", None)],
    "campaigns": [("assigned", 0), ("campaign", None), ("arm", None), ("sent", 0), ("opened", 0), ("clicked", 0),
                  ("converted", 0), ("revenue", 0), ("cost", 0)],
    "consent": [("time", 0), ("purpose", None), ("status", None)],
}
MAIN_MONEY = {"transactions": "amount", "campaigns": "revenue"}
NEEDED = ["type", "campaign", "purpose", "status"]
CODES = ["item", "category", "channel", "arm"] + NEEDED


# ---- reading ----

class Refused(Exception):
    """Reason, and the field that is to blame."""


def number(text, mark, name, field):
    if text == "":
        raise Refused("missing " + name, field)
    if mark == "comma":
        if not re.fullmatch(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?", text):
            raise Refused(name + " is not a number", field)
        text = text.replace(".", "").replace(",", ".")
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        raise Refused(name + " is not a number", field)
    return Decimal(text)


def below(text, mark, limit):
    try:
        return number(text, mark, "amount", "amount") < limit
    except Refused:
        return False


def units(value, rate, name, field):
    scaled = value * 10**SCALE
    if rate is not None:
        scaled = (scaled * Decimal(rate)).quantize(Decimal(1), ROUND_HALF_EVEN)
    if scaled != int(scaled):
        raise Refused("%s has more than %d decimals" % (name, SCALE), field)
    if not -(2**63) <= scaled < 2**63:
        raise Refused(name + " out of range", field)
    return int(scaled)


def money(row, s, field):
    rate = None
    if "currency" in row and row["currency"] != "EUR":
        if row["currency"] == "":
            raise Refused("missing currency", "currency")
        if not re.fullmatch("[A-Z]{3}", row["currency"]):
            raise Refused("currency is no ISO 4217 code", "currency")
        if row["currency"] not in RATES:
            raise Refused("currency %s has no rate" % row["currency"], "currency")
        rate = RATES[row["currency"]]
    if "price" in row:
        quantity = number(row["quantity"], s["mark"], "quantity", "quantity")
        return units(quantity * number(row["price"], s["mark"], "price", "price"), rate, "amount", "price")
    return units(number(row[field], s["mark"], field, field), rate, field, field)


def seconds(text, s, field):
    zone, form = ZoneInfo(s["zone"]), s["form"]
    if text == "":
        raise Refused("missing " + field, field)
    try:
        if form == "epoch":
            moment = datetime.datetime.fromtimestamp(int(text), ZoneInfo(HOME))
        elif form == "iso":
            found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?", text)
            day, clock, second, offset = found.groups()
            moment = datetime.datetime.fromisoformat("%sT%s:%s" % (day, clock or "00:00", second or "00"))
            if offset:
                moment = datetime.datetime.fromisoformat(moment.isoformat() + offset.replace("Z", "+00:00"))
                moment = moment.astimezone(ZoneInfo(HOME))
        else:
            moment = datetime.datetime.strptime(text, form)
            if "%H" in form:
                moment = moment.replace(tzinfo=zone).astimezone(ZoneInfo(HOME))
    except (ValueError, AttributeError):
        raise Refused(field + " is no date in time_format", field)
    civil = int((moment.replace(tzinfo=None) - EPOCH).total_seconds())
    if not 0 <= civil < 2**32:
        raise Refused(field + " out of range (1970 to 2106)", field)
    return civil


def written(text, name):
    if any("\udc80" <= c <= "\udcff" for c in text):
        raise Refused(name + " is not UTF-8", name)
    return text or None


def check_id(row):
    if row["id"] == "":
        raise Refused("missing id", "id")
    if len(row["id"].encode("utf-8", "surrogateescape")) > 255:
        raise Refused("id is longer than 255 bytes", "id")
    written(row["id"], "id")


def take(fields, s):
    """The values of a row, after what is asked of it in the order of tessera/ingest.h."""
    if len(fields) < len(s["fields"]):
        raise Refused("missing column " + s["fields"][-1].upper(), s["fields"][-1])
    if len(fields) > len(s["fields"]):
        raise Refused("more fields than the header names", None)
    row = dict(zip(s["fields"], fields))
    check_id(row)
    made = {"id": row["id"]}
    if s["reject"] and below(row["amount"], s["mark"], -80):
        raise Refused(s["reject"], "amount")
    if s["kind"] == "identities":
        made["other"] = row["other"].lower() if s["match"] == "email" else row["other"]
        if row["other"] == "":
            raise Refused("missing other", "other")
        if s["match"] == "email" and "@" not in row["other"]:
            raise Refused("other is no e-mail address", "other")
    elif s["kind"] == "customers":
        made["time"] = seconds(row["time"], s, "time") if row.get("time") else 0
        for field in [f for f in s["fields"] if f not in ("id", "time")]:
            made[field] = written(row[field], field)
            if field in s["types"] and row[field]:
                made[field] = float(np.float32(number(row[field], s["mark"], field, field)))
    else:
        take_record(row, s, made)
    return made


def take_record(row, s, made):
    main = MAIN_MONEY.get(s["kind"])
    if main in s["fields"] or "price" in s["fields"]:
        made[main] = 0 if main == "revenue" and row[main] == "" else money(row, s, main)
    for field in [f for f, _ in KINDS[s["kind"]] if f in row and f != main]:
        text = row[field]
        if field in ("time", "assigned"):
            made[field] = seconds(text, s, field)
        elif field in ("sent", "opened"):
            made[field] = {"": 0, "0": 0, "1": made["assigned"]}.get(text)
            made[field] = seconds(text, s, field) if made[field] is None else made[field]
        elif field == "cost":
            made[field] = money(row, s, field) if text else 0
        elif field == "value":
            if text not in ["", "x", "1e400"]:
                made[field] = float(np.float32(text))
            elif text:
                raise Refused("value " + ("is not a number" if text == "x" else "out of range"), field)
        elif field == "quantity":
            made[field] = int(text)
        else:
            made[field] = written(text, field)
    for field in NEEDED:
        if field in row and row[field] == "":
            raise Refused("missing " + field, field)


# ---- all rows ----

def hash_of(data):
    return XXH3(data, len(data))


def read_all(balance, refused):
    """(number of the source, values, money) of each row that can be used."""
    for n, s in enumerate(SOURCES):
        with (gzip.open if s["file"].endswith(".gz") else open)(s["file"], "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=s["delimiter"])
        for fields in lines:
            if lines.line_num == 1 or not fields:
                continue
            fields = [field.strip() for field in fields]
            row = {**dict.fromkeys(s["fields"], ""), **dict(zip(s["fields"], fields))}
            try:
                amount = money(row, s, MAIN_MONEY[s["kind"]]) if s["kind"] in MAIN_MONEY else 0
            except Refused:
                amount = 0
            balance[n]["read"] += np.array([1, amount], object)
            try:
                yield n, take(fields, s), amount
            except Refused as why:
                reason, field = why.args
                balance[n][reason] += np.array([1, amount], object)
                refused.append("%s,%d,%s,%s" % (s["file"], lines.line_num, reason, field.upper() if field else ""))


def persons(rows):
    """The id that each id becomes: the smallest of those that pairs join, unless they are too many."""
    group = {}
    for n, made, _ in rows:
        if "other" in made:
            mark = (SOURCES[n]["match"], made["other"])
            a = group.setdefault(("id", made["id"]), {("id", made["id"])})
            b = group.setdefault(mark, {mark})
            a |= b
            for one in a:
                group[one] = a
    kept = {}
    for members in group.values():
        ids = sorted((text for match, text in members if match == "id"), key=str.encode)
        kept.update({one: ids[0] for one in ids[1:] if len(ids) <= LIMIT})
    return kept


def settle(rows, kept, balance):
    """Records and attributes by customer; duplicates by key are left out."""
    records, attributes = collections.defaultdict(list), collections.defaultdict(list)
    for n, made, amount in rows:
        s, ident = SOURCES[n], kept.get(made["id"], made["id"])
        balance[n]["used"] += np.array([1, amount], object)
        if s["kind"] == "customers":
            for field in set(made) - {"id", "time"}:
                if made[field] is not None:
                    when = (made["time"], -n) if field == "city" else (n,)
                    attributes[ident, field].append((when, made[field]))
        elif s["kind"] in KINDS:
            if s["kind"] == "transactions":
                own = struct.pack("<QQ", hash_of(ident.encode()), made["time"])
                made["order"] = hash_of(made["order"].encode() if made.get("order") else own)
            cells = tuple(made.get(column, absent) for column, absent in KINDS[s["kind"]])
            records[s["kind"], ident].append((cells, n, amount))
    for (kind, ident), list_ in records.items():
        seen, left = set(), []
        second = 1 if kind == "transactions" else 0
        for cells, n, amount in sorted(list_, key=lambda row: (row[0][0], row[0][second], str(row))):
            names = [column for column, _ in KINDS[kind]]
            key = (n, *[cells[names.index(field)] for field in SOURCES[n]["key"]])
            if len(key) > 1 and key in seen:
                balance[n]["used"] -= np.array([1, amount], object)
                balance[n]["duplicate"] += np.array([1, amount], object)
                continue
            seen.add(key)
            balance[n]["repeated"] += np.array([(cells, n) in [(c, k) for c, k, _ in left], 0], object)
            left.append((cells, n, amount))
        records[kind, ident] = sorted(str(cells) for cells, _, _ in left)
    for (ident, field), values in attributes.items():
        best = max(when for when, _ in values)
        last = [value for when, value in values if when == best]
        attributes[ident, field] = min(last) if field == "city" else last[-1]
    return records, attributes


# ---- the dataset ----

def table(part, group, info):
    """Columns with their texts and None for what is missing."""
    for name in part[group]:
        column, texts = part[group][name][:], None
        known = "" if group in ("transactions", "customers") else group + "."
        if known + name in info["dictionaries"]:
            texts = info["dictionaries"][known + name]
        for a in info["attributes"] if group == "customers" else []:
            texts = a["values"] if a["name"] == name and a["kind"] == "category" else texts
        if texts is not None:
            column = [None if code < 0 else texts[code] for code in column]
        elif column.dtype.kind == "f":
            column = [None if np.isnan(value) else float(value) for value in column]
        yield name, list(column)


def read_dataset(folder, info):
    records, attributes = {}, {}
    for file in info["partitions"]:
        part = h5py.File(folder + "/" + file["file"], "r")
        customers = dict(table(part, "customers", info))
        ids = [text.decode() for text in customers["id"]]
        for name in set(customers) - {"id", "key"}:
            attributes.update({(i, name): v for i, v in zip(ids, customers[name]) if v is not None})
        for kind in KINDS:
            columns = dict(table(part, kind, info))
            for i, ident in enumerate(ids):
                span = range(int(columns["offset"][i]), int(columns["offset"][i + 1]))
                rows = [tuple(columns[c][r] if c in columns else absent for c, absent in KINDS[kind]) for r in span]
                if rows:
                    records[kind, ident] = sorted(str(tuple(int(x) if isinstance(x, np.integer) else x for x in row))
                                                  for row in rows)
    return records, attributes


def receipt(source):
    cents = lambda text: int(Decimal(text).scaleb(SCALE))
    told = {what: [source["rows_" + what], cents(source["money_" + what])] for what in ("read", "used", "duplicate")}
    told["repeated"] = [source["rows_repeated"], 0]
    told.update({why: [r["rows"], cents(r["money"])] for why, r in source["rows_rejected"].items()})
    return {what: figures for what, figures in told.items() if figures != [0, 0]}


def compare(folder):
    balance = [collections.defaultdict(lambda: np.array([0, 0], object)) for _ in SOURCES]
    refused, problems = [], []
    rows = list(read_all(balance, refused))
    kept = persons(rows)
    records, attributes = settle(rows, kept, balance)
    info = json.load(open(folder + "/dataset.json", encoding="utf-8"))
    their_records, their_attributes = read_dataset(folder, info)
    merges = list(csv.reader(open(folder + "/merges.csv", encoding="utf-8")))[1:]
    pairs = [("record of", records, their_records), ("attribute of", attributes, their_attributes),
             ("merge of", kept, {merged: k for k, merged, _ in merges if k != ""})]
    pairs += [("balance of %s:" % s["file"], {k: list(v) for k, v in balance[n].items() if list(v) != [0, 0]},
               receipt(info["sources"][n])) for n, s in enumerate(SOURCES)]
    lines = open(folder + "/rejects.csv", encoding="utf-8").read().splitlines()[1:]
    pairs.append(("refused:", collections.Counter(refused), collections.Counter(lines)))
    for what, mine, theirs in pairs:
        print("%5d %s" % (len(mine), what))
        problems += ["%s %s: %s expected, %s found" % (what, k, mine.get(k), theirs.get(k))
                     for k in sorted(set(mine) | set(theirs), key=str) if mine.get(k) != theirs.get(k)]
    print("\n".join(problem[:300] for problem in problems[:20]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(write() if sys.argv[1] == "write" else compare(sys.argv[1]))
