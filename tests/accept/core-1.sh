#!/usr/bin/env bash
# A kind is declared once; a new field and a new kind reach a replica by sync.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1

# who may write what
on a "INSERT INTO visit(id,subject,assignment,summary,state) VALUES('v1','s1','a1','clean','open')"
on a "UPDATE subject SET name='mine' WHERE id='s2'"
sync a --json >"$T/sync.json"
is "the inspector's visit is merged, the office's field is held back" "0 1" "$(json quarantined <"$T/sync.json") $(json held_back <"$T/sync.json")"
fails 1 "inspector cannot write field 'name' of 'subject': it is set by coordinator, administrator; 'hufu undo subject s2' takes it back" hufu commit -m mine --replica "$T/a.db"
holds "so says the tablet" sh -c "hufu status --replica '$T/a.db' | grep -q \"subject.*s2.*cannot write field 'name'\""
former a subject s2
sync a --json >"$T/sync.json"
is "the server holds it, too, when it comes" 1 "$(json quarantined <"$T/sync.json")"
is "the visit is in the office" clean "$(hufud show visit v1 --scope $S --json | json record.summary)"
is "the subject's name is the office's" "subject 2" "$(hufud show subject s2 --scope $S --json | json record.name)"

# a field and a kind more, on the running server
before=$(root_of a)
python3 - "$ROOT" "$T" <<'PY'
import json, sys
k = json.load(open(sys.argv[1] + "/schema/kinds/visit.json"))
k["fields"].append({"name": "noise_level", "type": "int", "label": {"zh": "噪声", "en": "noise level"}})
json.dump(k, open(sys.argv[2] + "/visit.json", "w"))
json.dump({"kind": "sample", "label": {"zh": "抽样", "en": "sample"}, "scope": "county", "class": "L2",
  "writers": ["inspector", "coordinator"], "readers": ["inspector", "coordinator"],
  "fields": [{"name": "visit", "type": "ref", "refers": "visit", "label": {"zh": "检查", "en": "visit"}},
             {"name": "seal_number", "type": "text", "label": {"zh": "封条号", "en": "seal number"}}]},
  open(sys.argv[2] + "/sample.json", "w"))
PY
holds "a kind gains a field while the server runs" hufud kind load "$T/visit.json"
holds "a new kind is loaded while the server runs" hufud kind load "$T/sample.json"
sync a >/dev/null
is "the old records' root has not moved" "$before" "$(root_of a)"
is "the field is in the existing replica" 1 "$(on a "SELECT count(*) FROM pragma_table_info('visit') WHERE name='noise_level'")"
on a "UPDATE visit SET noise_level=54 WHERE id='v1'; INSERT INTO sample(id,visit,seal_number) VALUES('p1','v1','ZJ-7')"
sync a >/dev/null
is "a value of the new field is in the office" 54 "$(hufud show visit v1 --scope $S --json | json record.noise_level)"
is "a record of the new kind is in the office" ZJ-7 "$(hufud show sample p1 --scope $S --json | json record.seal_number)"
is "the halves match" "$(server_root)" "$(root_of a)"
fails 1 "noise_level" hufud set visit v1 noise_level=loud --scope $S
holds "everything fits together" hufud check
passed
