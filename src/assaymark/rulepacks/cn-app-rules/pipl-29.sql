/*---
id = "pipl-29"
instrument = "pipl"
number.zh = "第二十九条"
number.en = "29"
severity = "high"
decides = "indicated"
needs = ["api_call", "sdk"]
manifest = ["permission"]
title.zh = "处理敏感个人信息要取得单独同意"
title.en = "Sensitive information needs separate consent"
explain.zh = "处理敏感个人信息，要在用到的地方单独征得同意，不能并入总的政策勾选。"
explain.en = "Sensitive information needs a consent of its own where it is used, not the general policy box."
safe_claim.zh = "在 S 处启动人脸等生物识别 SDK，之前没有找到专门的同意界面。"
safe_claim.en = "A face (or other biometric) SDK is started at site S with no dedicated consent screen found before it."
static_limit.zh = "单独同意只能在界面上看到。"
static_limit.en = "Separate consent is only visible on screens."
remedy.zh = "在人脸采集等环节之前加一个单独的同意界面。"
remedy.en = "Add a consent screen of its own before face capture and the like."
reasons.needs-screens.zh = "找到敏感个人信息的来源：{data}；有无单独同意须查看界面，本次没有分析。"
reasons.needs-screens.en = "Sources of sensitive personal information were found: {data}; whether there is separate consent takes the screens, which were not analysed."
reasons.none.zh = "在已读取的代码和清单里没有找到敏感个人信息（生物识别、健康、金融账户、行踪）的来源。"
reasons.none.en = "No source of sensitive personal information (biometrics, health, financial accounts, movements) was found in the code and the manifest that were read."

[[examples]]
expect = "not-assessed"
reason = "needs-screens"
api_call = [{ data = "face", api = "com.example.Face.detect", owner = "sdk-a", reachable = true, consent = "unknown" }]

[[examples]]
expect = "not-assessed"
reason = "needs-screens"
permission = [{ name = "android.permission.ACCESS_BACKGROUND_LOCATION", requested = true, protection = "dangerous", background = true, data = ["precise-location"] }]

[[examples]]
expect = "not-assessed"
reason = "needs-screens"
sdk = [{ id = "face-a", name = "Face A", purpose = "face", presence = "bundled", confidence = "high" }]

[[examples]]
expect = "not-applicable"
reason = "none"
api_call = [{ data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "app", reachable = true, consent = "unknown" }]

[[examples]]
expect = "not-assessed"
reason = "gap"
gap = [{ kind = "native-code", reason = "native libraries", hides = ["api_call"], weight = "partial" }]
---*/
WITH sources AS (
  SELECT app, id, data FROM api_call
  WHERE reachable IS NOT FALSE AND data IN ('biometric', 'face', 'fingerprint', 'voiceprint', 'health', 'medical', 'body-sensors',
    'health-record', 'bank-card', 'fund-account', 'credit', 'id-copy', 'movement-track')
  UNION ALL
  SELECT app, id, 'face' AS data FROM sdk WHERE presence = 'bundled' AND purpose = 'face'
  UNION ALL
  -- Location while the app is not in use can become a record of movements.
  SELECT app, id, 'movement-track' AS data FROM permission
  WHERE requested IS TRUE AND background IS TRUE AND data LIKE '%location"%'
), found AS (
  SELECT app, count(*) AS n, json_group_array(data) AS data, group_concat(id) AS ids FROM sources GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN found.n > 0 THEN 'not-assessed' ELSE 'not-applicable' END AS status,
  CASE WHEN found.n > 0 THEN 'needs-screens' ELSE 'none' END AS reason_key,
  json_object('n', found.n, 'data', json(found.data)) AS params,
  found.ids AS evidence_ids
FROM apps LEFT JOIN found ON found.app = apps.app
