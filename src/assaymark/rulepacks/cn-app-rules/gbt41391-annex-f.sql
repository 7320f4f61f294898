/*---
id = "gbt41391-annex-f"
instrument = "gbt-41391"
number.zh = "附录F"
number.en = "Annex F"
severity = "medium"
decides = "decided"
needs = ["api_call"]
title.zh = "读取不可变更的唯一设备识别码"
title.en = "Reading device identifiers that cannot be changed"
explain.zh = "IMEI、MEID、IMSI、ICCID、设备序列号、MAC 地址等一旦被读走，用户无法更换。标准把它们单独列出，宜改用可重置的标识。"
explain.en = "IMEI, MEID, IMSI, ICCID, serial number and MAC address cannot be changed once they are known. The standard lists them apart; resettable identifiers should take their place."
safe_claim.zh = "代码在 S 处（应用自身或 SDK X）读取不可变更的识别码 D。"
safe_claim.en = "Code reads unchangeable identifier D at site S (by app code or SDK X)."
static_limit.zh = "代码在包里不等于会执行；在较新的安卓上，普通应用的许多读取拿不到值。附录为资料性，所列识别码以标准原文为准。"
static_limit.en = "Code in the package need not run, and on recent Android many such reads return nothing to ordinary apps. The annex is informative; the standard itself holds the list."
remedy.zh = "改用 OAID 或应用自生成的标识，例如首次启动时 UUID.randomUUID().toString() 存入应用私有的 SharedPreferences；对 SDK 关闭采集 IMEI、MAC 的初始化选项。"
remedy.en = "Use OAID or an identifier made by the app, for example UUID.randomUUID().toString() kept in private SharedPreferences; switch off the reading of IMEI and MAC in the set-up options of SDKs."
reasons.read.zh = "代码中有 {n} 处可到达的读取不可变更识别码的调用：{data}；调用方：{owners}。"
reasons.read.en = "The code has {n} reachable call(s) that read unchangeable identifiers: {data}; callers: {owners}."
reasons.present.zh = "代码中有 {n} 处读取不可变更识别码的调用（{data}），但从应用入口没有找到到达它们的路径；调用方：{owners}。"
reasons.present.en = "The code has {n} call(s) that read unchangeable identifiers ({data}), but no way from the app's entry points to them was found; callers: {owners}."
reasons.none.zh = "在已读取的代码里没有找到读取这类识别码的调用。"
reasons.none.en = "No call that reads such an identifier was found in the code that was read."

[words.app]
zh = "应用自身或未认出归属的代码"
en = "the app itself or code not recognised as an SDK's"

[words.unknown]
zh = "归属不明的代码"
en = "code of unknown owner"

[[examples]]
expect = "suspected"
reason = "read"
api_call = [
  { data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "app", reachable = true, consent = "unknown" },
  { data = "oaid", api = "com.example.Oaid.get", owner = "app", reachable = true, consent = "unknown" },
]

[[examples]]
expect = "not-assessed"
reason = "present"
api_call = [{ data = "mac", api = "android.net.wifi.WifiInfo.getMacAddress", owner = "sdk-a", reachable = false, consent = "unknown" }]

[[examples]]
expect = "satisfied"
reason = "none"
api_call = [{ data = "oaid", api = "com.example.Oaid.get", owner = "app", reachable = true, consent = "unknown" }]

[[examples]]
expect = "not-assessed"
reason = "gap"
gap = [{ kind = "native-code", reason = "native libraries", hides = ["api_call"], weight = "partial" }]
---*/
WITH calls AS (
  SELECT app, id, data, owner, reachable IS NOT FALSE AS live FROM api_call
  WHERE data IN ('imei', 'meid', 'serial', 'sim-identifier', 'imsi', 'iccid', 'mac', 'bluetooth-mac')
), counted AS (
  SELECT app, live, count(*) AS n, json_group_array(data) AS data, json_group_array(owner) AS owners, group_concat(id) AS ids
  FROM calls GROUP BY app, live
), best AS (
  SELECT app, max(CASE WHEN live THEN 1 ELSE 0 END) AS live FROM counted GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN best.live = 1 THEN 'suspected' WHEN best.live = 0 THEN 'not-assessed' ELSE 'satisfied' END AS status,
  CASE WHEN best.live = 1 THEN 'read' WHEN best.live = 0 THEN 'present' ELSE 'none' END AS reason_key,
  json_object('n', counted.n, 'data', json(counted.data), 'owners', json(counted.owners)) AS params,
  counted.ids AS evidence_ids
FROM apps LEFT JOIN best ON best.app = apps.app
  LEFT JOIN counted ON counted.app = apps.app AND CASE WHEN counted.live THEN 1 ELSE 0 END = best.live
