/*---
id = "pipl-30"
instrument = "pipl"
number.zh = "第三十条"
number.en = "30"
severity = "high"
decides = "decided"
needs = ["api_call", "sdk"]
manifest = ["permission"]
title.zh = "告知处理敏感信息的必要性和对个人权益的影响"
title.en = "Tell the necessity and the effect of processing sensitive information"
explain.zh = "除一般告知外，还要告诉用户为什么必须处理敏感信息、对其权益有什么影响。"
explain.en = "Beyond the general notice, users must be told why sensitive data is necessary and how it affects them."
safe_claim.zh = "代码或政策里有敏感信息 Y；政策没有写到其必要性或影响。"
safe_claim.en = "Sensitive data type Y is found in code or policy; the policy has no statement of necessity / of effects for it."
static_limit.zh = "只能判断文字有没有写到。"
static_limit.en = "Only the presence of text can be decided."
remedy.zh = "在政策的敏感信息一节逐项写明必要性和影响。"
remedy.en = "Give necessity and effect for each item in the policy's section on sensitive data."
reasons.needs-policy.zh = "找到敏感个人信息的来源：{data}；政策有无写明必要性和影响，本次没有政策文本可核对。"
reasons.needs-policy.en = "Sources of sensitive personal information were found: {data}; whether the policy states necessity and effect could not be checked without its text."
reasons.none.zh = "在已读取的代码和清单里没有找到敏感个人信息（生物识别、健康、金融账户、行踪）的来源。"
reasons.none.en = "No source of sensitive personal information (biometrics, health, financial accounts, movements) was found in the code and the manifest that were read."

[[examples]]
expect = "not-assessed"
reason = "needs-policy"
api_call = [{ data = "face", api = "com.example.Face.detect", owner = "sdk-a", reachable = true, consent = "unknown" }]

[[examples]]
expect = "not-assessed"
reason = "needs-policy"
permission = [{ name = "android.permission.ACCESS_BACKGROUND_LOCATION", requested = true, protection = "dangerous", background = true, data = ["precise-location"] }]

[[examples]]
expect = "not-assessed"
reason = "needs-policy"
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
  CASE WHEN found.n > 0 THEN 'needs-policy' ELSE 'none' END AS reason_key,
  json_object('n', found.n, 'data', json(found.data)) AS params,
  found.ids AS evidence_ids
FROM apps LEFT JOIN found ON found.app = apps.app
