# Dirty sources: what is said of each row is true, and what is kept is what was written.
. "${0%/*}/common.sh"

rejected() { # LINE: it stands in the list of refused rows
    grep -qxF -- "$1" data/rejects.csv || { cat data/rejects.csv >&2; die "not among the refused rows: $1"; }
}

# one source of purchases, to have something, and the source that is looked at, in flow style
ingest() { # SOURCE [KEY=VALUE]
    rm -rf data
    cat >job.yaml <<END_OF_JOB
dataset: data
output: run
ingest:
  sources:
    - {files: [bought], columns: {id: id, time: when, amount: amount}}
    - $1
END_OF_JOB
    "$TESSERA" ingest job.yaml --quiet ${2:+--set "$2"} >/dev/null
    "$TESSERA" inspect data --verify >told || die "the balance of $1"
}
printf 'id,when,amount\na,2024-01-01 10:00:00,10.00\na,2024-01-01 10:00:00,10.00\na,2024-01-01 11:00:00,-3.00\n' >bought

# ---- a mark that is none joins nobody, and its row is not among the used ones ----
printf 'id,mail\na,A@b.c\nb,a@b.c\nc,unknown\n' >marks
ingest '{kind: identities, match: email, files: [marks], columns: {id: id, other: mail}}'
rejected 'marks,4,other is no e-mail address,mail'
printf 'id,phone\na,030 1234567\nb,110\n' >marks
ingest '{kind: identities, match: phone, files: [marks], columns: {id: id, other: phone}}'
rejected 'marks,3,other is no phone number,phone'

# ---- no revenue is no money, as no cost is; a date that cannot be kept is not said to be no date ----
printf 'id,when,campaign,revenue,cost\na,2024-01-01,spring,,\nb,2024-01-01,spring,5.00,0.10\nc,2024-01-01,spring,x,\n' >sent
ingest '{kind: campaigns, files: [sent], columns: {id: id, assigned: when, campaign: campaign, revenue: revenue, cost: cost}}'
grep -Eq 'used +2 +5.00' told || die "a campaign that brought nothing is refused"
rejected 'sent,4,revenue is not a number,revenue'
printf 'id,since,age\na,1969-12-31,50\nb,2024-01-01,51\n' >people
ingest '{kind: customers, files: [people], columns: {id: id, time: since, age: age}}'
rejected 'people,2,time out of range (1970 to 2106),since'

# ---- with decimal commas, what turns out to be a category stays as it is written ----
printf 'id;plan;income\na;2.0;1.234,5\nb;1,5;7\nc;free;\n' >people
ingest '{kind: customers, files: [people], delimiter: ";", decimal_mark: comma, columns: {id: id, plan: plan, income: income}}'
tr -d ' \n' <data/dataset.json | grep -qF '"values":["1,5","2.0","free"]' || die "a category was taken for a number"
"$TESSERA" inspect data | grep -q 'income, a number' || die "1.234,5 is no number"

# ---- the largest amount that 64 bits hold, given back: 5.00 of the other return are left ----
printf 'id,when,amount\ne,2024-01-01,92233720368547758.07\ne,2024-01-01,0.01\n' >back
printf 'e,2024-01-01,-92233720368547758.08\ne,2024-01-01,-5.00\nf,2024-01-02,1.00\n' >>back
ingest '{files: [back], columns: {id: id, time: when, amount: amount}}' ingest.returns=net_per_day
"$TESSERA" inspect data | grep -q 'transactions  4$' || die "a return of as much as 64 bits hold takes another one along"

# ---- rows are equal as they were read, not as what returns left of them: 10 and 10, not 7 and 7 ----
printf 'id,when,amount\na,2024-01-01,10.00\na,2024-01-01,10.00\na,2024-01-01,-3.00\nb,2024-01-02,-3.00\nb,2024-01-02,7.00\nb,2024-01-02,10.00\n' >back
ingest '{files: [back], columns: {id: id, time: when, amount: amount}}' ingest.returns=net_per_day
[ "$(tr -d ' \n' <data/dataset.json | grep -o '"rows_repeated":[0-9]*' | xargs)" = "rows_repeated:1 rows_repeated:1" ] ||
    die "equal rows of which one was set off"

# ---- the balance stands in columns, whatever the reasons are called ----
printf 'id,when,amount\na,2024-01-01,10.00\nb,2024-01-01,10,00\n' >more
ingest '{files: [more], columns: {id: id, time: when, amount: amount}}'
grep -q 'rejected: more fields than the header names  *1  *[0-9.]*$' told || die "the reason why a row was refused"
[ "$(sed -n '/rows  *money$/,/^    read/p' told | tail -4 | awk '{ print length }' | sort -u | wc -l)" = 1 ] ||
    { cat told >&2; die "a crooked balance"; }
