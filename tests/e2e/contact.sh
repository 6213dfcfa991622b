# Who may be contacted: consent before the control group, that before a holdout, that before the contact cap.
. "${0%/*}/common.sh"

cat >bought.csv <<END
id,date,amount
asked,2024-05-01,10
asked,2024-06-20,30
often,2024-05-02,20
often,2024-06-11,25
refused,2024-05-03,15
refused,2024-06-12,35
silent,2024-05-04,12
silent,2024-06-13,22
withdrew,2024-05-05,11
withdrew,2024-06-30,21
END
cat >consent.csv <<END
id,purpose,status,date
asked,marketing,given,2024-05-01
often,marketing,given,2024-05-01
refused,marketing,refused,2024-05-01
refused,service,given,2024-06-01
withdrew,marketing,given,2024-05-01
withdrew,marketing,withdrawn,2024-06-01
often,marketing,withdrawn,2024-07-15
END
cat >sent.csv <<END
id,campaign,sent
often,spring,2024-06-20
often,summer,2024-06-25
asked,spring,2024-06-20
asked,winter,2024-01-10
refused,spring,2024-06-20
refused,summer,2024-06-25
END
{
    printf 'name\trule\tobjective\taction\tchannel\tcadence\tguardrail\tkpi\tholdout\n'
    printf 'All\t*\tkeep\twrite\te-mail\tweekly\tnone\tsales\t0\n'
} >plays.tsv
cat >job.yaml <<END
dataset: data
output: run
as_of: 2024-07-01
cluster: {k: 2}
privacy: {min_cell: 1}
value: {model: none}
act: {playbook: plays.tsv, control: 0, purpose: marketing, contact_cap: 2}
ingest:
  sources:
    - {kind: transactions, files: bought.csv, delimiter: ",", header: true, time_format: "%Y-%m-%d",
       columns: {id: id, time: date, amount: amount}}
    - {kind: consent, files: consent.csv, delimiter: ",", header: true, time_format: "%Y-%m-%d",
       columns: {id: id, purpose: purpose, status: status, time: date}}
    - {kind: campaigns, files: sent.csv, delimiter: ",", header: true, time_format: "%Y-%m-%d",
       columns: {id: id, campaign: campaign, assigned: sent, sent: sent}}
END
"$TESSERA" ingest job.yaml --quiet >/dev/null

# stands RUN YES REFUSED UNKNOWN CONTROL HOLDOUT CAP SETTINGS...: how many customers there are of each
stands() {
    name=$1 yes=$2 refused=$3 unknown=$4 control=$5 holdout=$6 cap=$7
    shift 7
    "$TESSERA" segment job.yaml --quiet --set output="$name" "$@" >/dev/null
    for pair in "yes=$yes" "consent refused=$refused" "consent unknown=$unknown" "control group=$control" \
        "holdout=$holdout" "contact cap=$cap"; do
        "$PROBE" json "$name/segments.json" "playbook.contact.${pair%=*}" "${pair#*=}" || die "$name: ${pair%=*}"
    done
}
# asked may be contacted; often had two of the last 28 days, and withdraws after as_of only; refused and withdrew said
# no; silent never said anything.
stands consent 1 2 1 0 0 1
ranks 3 "$TESSERA" segment job.yaml --quiet --set output=dealt >/dev/null
[ "$(digest consent)" = "$(digest dealt)" ] || die "another digest on 3 ranks"
stands uncapped 2 2 1 0 0 0 --set act.contact_cap=0
stands longer 0 2 1 0 0 2 --set act.contact_days=365
# whatever the purpose, the latest word counts: refused may be contacted then, were it not for two of the last days
stands any 1 1 1 0 0 2 --set act.purpose=null
# the control group comes before the cap, and after consent; a holdout between them
stands control 0 2 1 2 0 0 --set act.control=1
sed 's/\t0$/\t0.999999/' plays.tsv >held.tsv
stands holdout 0 2 1 0 2 0 --set act.playbook=held.tsv
stands both 0 2 1 2 0 0 --set act.playbook=held.tsv --set act.control=1
# no status of the list counts as consent; who was never asked for this purpose stays unknown
stands other 0 1 4 0 0 0 --set act.purpose=service --set act.granted=[nothing]
