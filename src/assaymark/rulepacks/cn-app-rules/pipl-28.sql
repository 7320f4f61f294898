/*---
id = "pipl-28"
instrument = "pipl"
number.zh = "第二十八条"
number.en = "28"
severity = "high"
decides = "indicated"
needs = ["api_call", "sdk"]
manifest = ["permission"]
title.zh = "敏感个人信息：特定目的、充分必要、严格保护"
title.en = "Sensitive information: specific purpose, sufficient necessity, strict protection"
explain.zh = "生物识别、医疗健康、金融账户、行踪轨迹等属于敏感个人信息，处理的条件更严。"
explain.en = "Biometrics, health, financial accounts, movements and the like are sensitive; processing them has stricter conditions."
safe_claim.zh = "代码可到达敏感信息的来源（生物识别、健康、银行卡、持续定位）。"
safe_claim.en = "Code reaches a source classed as sensitive (biometric, health, bank card, continuous location)."
static_limit.zh = "能看到来源，看不到目的是否特定、必要性是否充分。用户手工填写的敏感信息不在查询之内。"
static_limit.en = "Sources can be seen; whether the purpose is specific and the necessity sufficient cannot. Sensitive data typed in by users is outside the query."
remedy.zh = "为每种敏感信息写明特定目的和必要性，没有必要的去掉。"
remedy.en = "State purpose and necessity for each kind of sensitive data, and drop those without."
reasons.manual.zh = "找到敏感个人信息的来源：{data}；目的和必要性由人判断。"
reasons.manual.en = "Sources of sensitive personal information were found: {data}; purpose and necessity are for a person to judge."
reasons.none.zh = "在已读取的代码和清单里没有找到敏感个人信息（生物识别、健康、金融账户、行踪）的来源。"
reasons.none.en = "No source of sensitive personal information (biometrics, health, financial accounts, movements) was found in the code and the manifest that were read."

[[examples]]
expect = "not-assessed"
reason = "manual"
api_call = [{ data = "face", api = "com.example.Face.detect", owner = "sdk-a", reachable = true, consent = "unknown" }]

[[examples]]
expect = "not-assessed"
reason = "manual"
permission = [{ name = "android.permission.ACCESS_BACKGROUND_LOCATION", requested = true, protection = "dangerous", background = true, data = ["precise-location"] }]

[[examples]]
expect = "not-assessed"
reason = "manual"
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
  CASE WHEN found.n > 0 THEN 'manual' ELSE 'none' END AS reason_key,
  json_object('n', found.n, 'data', json(found.data)) AS params,
  found.ids AS evidence_ids
FROM apps LEFT JOIN found ON found.app = apps.app
