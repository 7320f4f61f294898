/*---
id = "miit337-1"
instrument = "miit-2019-337"
number.zh = "问题1"
number.en = "1"
severity = "high"
decides = "indicated"
needs = ["api_call"]
title.zh = "私自收集个人信息"
title.en = "Collecting without telling or asking"
explain.zh = "没有告知目的、方式、范围并取得同意，就收集个人信息。"
explain.en = "Personal information is collected before users are told purpose, manner and scope and have agreed."
safe_claim.zh = "敏感接口 A 从应用启动即可到达，所经路径上没有找到征得同意的判断。"
safe_claim.en = "Sensitive API A is reachable from app start-up on a path where no consent check was found."
static_limit.zh = "与《认定方法》第三条第1项用同一证据，界限也相同。"
static_limit.en = "It rests on the same evidence as item 3.1 of the 2019 Method, and its limits are the same."
remedy.zh = "把信息读取移到用户同意之后。"
remedy.en = "Move reads of personal information behind the consent."
reasons.before.zh = "从代码看，用户尚未同意时就可能运行 {n} 处读取个人信息的调用（判断可能缺失，也可能不起作用）：{data}；调用方：{owners}。"
reasons.before.en = "{n} call(s) that read personal information can run, by the code, while the user has not agreed (a check may be missing, or not work): {data}; callers: {owners}."
reasons.no-gate.zh = "可到达 {n} 处读取个人信息的调用，而应用里没有找到征得同意的环节：{data}；调用方：{owners}。"
reasons.no-gate.en = "{n} call(s) that read personal information can be reached, and no consent step was found in the app: {data}; callers: {owners}."
reasons.needs-consent-analysis.zh = "代码中有 {n} 处可到达的读取个人信息的调用（{data}；调用方：{owners}），但它们与用户同意的先后顺序无法判断。"
reasons.needs-consent-analysis.en = "The code holds {n} reachable call(s) that read personal information ({data}; callers: {owners}), but whether that is before or after the user's consent could not be told."
reasons.after.zh = "找到的 {n} 处读取个人信息的调用，都排在征得同意的判断之后。"
reasons.after.en = "All {n} call(s) that read personal information that were found stand behind a consent check."
reasons.no-calls.zh = "在已读取的代码里没有找到可到达的读取个人信息的调用。"
reasons.no-calls.en = "No reachable call that reads personal information was found in the code that was read."

[words.app]
zh = "应用自身或未认出归属的代码"
en = "the app itself or code not recognised as an SDK's"

[words.unknown]
zh = "归属不明的代码"
en = "code of unknown owner"

[[examples]]
expect = "suspected"
reason = "before"
api_call = [
  { data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "sdk-a", reachable = true, consent = "before" },
  { data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "app", reachable = true, consent = "unknown" },
]

[[examples]]
expect = "suspected"
reason = "no-gate"
api_call = [{ data = "android-id", api = "android.provider.Settings$Secure.getString", owner = "app", reachable = true, consent = "no-gate" }]

[[examples]]
expect = "not-assessed"
reason = "needs-consent-analysis"
api_call = [{ data = "contacts", api = "android.content.ContentResolver.query", owner = "app", reachable = true, consent = "unknown" }]

[[examples]]
expect = "satisfied"
reason = "after"
api_call = [{ data = "contacts", api = "android.content.ContentResolver.query", owner = "app", reachable = true, consent = "after" }]

[[examples]]
expect = "not-applicable"
reason = "no-calls"
api_call = [{ data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "app", reachable = false, consent = "unknown" }]

[[examples]]
expect = "not-assessed"
reason = "gap"
gap = [{ kind = "packed", reason = "the code is packed", hides = ["api_call"], weight = "total" }]
---*/
WITH calls AS (
  SELECT app, id, data, owner,
    CASE consent WHEN 'before' THEN 1 WHEN 'no-gate' THEN 2 WHEN 'after' THEN 4 ELSE 3 END AS place
  FROM api_call WHERE reachable IS NOT FALSE AND data <> 'permission-request'
), counted AS (
  SELECT app, place, count(*) AS n, json_group_array(data) AS data, json_group_array(owner) AS owners, group_concat(id) AS ids
  FROM calls GROUP BY app, place
), worst AS (
  SELECT app, min(place) AS place FROM counted GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE worst.place WHEN 1 THEN 'suspected' WHEN 2 THEN 'suspected' WHEN 3 THEN 'not-assessed' WHEN 4 THEN 'satisfied'
    ELSE 'not-applicable' END AS status,
  CASE worst.place WHEN 1 THEN 'before' WHEN 2 THEN 'no-gate' WHEN 3 THEN 'needs-consent-analysis' WHEN 4 THEN 'after'
    ELSE 'no-calls' END AS reason_key,
  json_object('n', counted.n, 'data', json(counted.data), 'owners', json(counted.owners)) AS params,
  counted.ids AS evidence_ids
FROM apps LEFT JOIN worst ON worst.app = apps.app
  LEFT JOIN counted ON counted.app = apps.app AND counted.place = worst.place
