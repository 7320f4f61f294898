/*---
id = "miit26-sdk-14"
instrument = "miit-2023-26"
number.zh = "措施14"
number.en = "14"
severity = "high"
decides = "decided"
needs = ["disclosed_sdk", "sdk", "statement"]
title.zh = "没有公示所用 SDK 的名称、用途和规则"
title.en = "The SDKs used are not published with name, purpose and rules"
explain.zh = "开发运营者要评估所用 SDK，集中公示其名称、用途和个人信息处理规则，避免有风险或停止维护的版本。"
explain.en = "Operators must assess the SDKs they use, publish their names, purposes and rules in one place, and avoid risky or unmaintained versions."
safe_claim.zh = "安装包里有 SDK X 的版本 V，政策缺少它的名称、提供方、信息范围、目的或政策链接。"
safe_claim.en = "SDK X version V is in the package; the policy lacks its name, provider, data range, purpose or policy link."
static_limit.zh = "只核对名称；五个栏目出自应用商店的实施要求。版本是否有风险没有核对。措施的编号未能与原文核对。"
static_limit.en = "Only names are compared; the five fields come from a store notice. Whether a version is risky was not checked. The number of the measure was not checked against the original."
remedy.zh = "在一处列出所有 SDK 的名称、提供方、信息范围、目的和政策链接，升级停止维护的版本。"
remedy.en = "List all SDKs in one place with name, provider, data, purpose and link, and replace unmaintained versions."
reasons.not-named.zh = "安装包里有 {n} 个第三方 SDK，读到的 SDK 公示清单没有写到它们：{sdks_zh}。"
reasons.not-named.en = "{n} third-party SDK(s) are in the package and the published SDK list that was read does not name them: {sdks}."
reasons.needs-policy.zh = "安装包里找到 {n} 个第三方 SDK，须与 SDK 公示清单核对，本次没有可核对的文本：{sdks_zh}。"
reasons.needs-policy.en = "{n} third-party SDK(s) were found in the package and have to be checked against the published SDK list, which this inspection did not have: {sdks}."
reasons.named.zh = "安装包里找到的 {n} 个 SDK，SDK 公示清单里都写到了名称；逐项的目的、方式、范围是否写清，本次没有判断。"
reasons.named.en = "The published SDK list names all {n} SDK(s) found in the package; whether purpose, manner and scope are given for each was not judged."
reasons.no-sdk.zh = "没有在安装包里识别出已打包的第三方 SDK；应用自身的收集须对照 SDK 公示清单，本次没有核对。"
reasons.no-sdk.en = "No bundled third-party SDK was recognised in the package; what the app itself collects has to be checked against the published SDK list, which was not done."

[[examples]]
expect = "violated"
reason = "not-named"
sdk = [
  { id = "sdk-a", name = "Alpha", name_zh = "甲", presence = "bundled", confidence = "high" },
  { id = "sdk-b", name = "Beta", presence = "bundled", confidence = "high" },
]
disclosed_sdk = [{ sdk = "sdk-b", name = "Beta" }]

[[examples]]
expect = "not-assessed"
reason = "needs-policy"
sdk = [{ id = "sdk-a", name = "Alpha", name_zh = "甲", presence = "bundled", confidence = "high" }]

[[examples]]
expect = "not-assessed"
reason = "named"
sdk = [{ id = "sdk-b", name = "Beta", presence = "bundled", confidence = "high" }]
disclosed_sdk = [{ sdk = "sdk-b", name = "Beta" }]

[[examples]]
expect = "not-assessed"
reason = "no-sdk"
sdk = [
  { id = "sdk-c", name = "Gamma", presence = "string", confidence = "low" },
  { id = "okhttp", name = "OkHttp", purpose = "library", presence = "bundled", confidence = "high" },
]
---*/
WITH bundled AS (
  SELECT sdk.app, sdk.id, sdk.name, coalesce(sdk.name_zh, sdk.name) AS name_zh,
    CASE WHEN disclosed_sdk.sdk IS NULL THEN 0 ELSE 1 END AS named
  FROM sdk LEFT JOIN (SELECT DISTINCT app, sdk FROM disclosed_sdk) AS disclosed_sdk
    ON disclosed_sdk.app = sdk.app AND disclosed_sdk.sdk = sdk.id
  -- Libraries of others' code that receive no data of their own need not be named.
  WHERE sdk.presence = 'bundled' AND sdk.confidence = 'high' AND coalesce(sdk.purpose, '') <> 'library'
), counted AS (
  SELECT app, named, count(*) AS n, json_group_array(name) AS names, json_group_array(name_zh) AS names_zh, group_concat(id) AS ids
  FROM bundled GROUP BY app, named
), worst AS (
  SELECT app, min(named) AS named FROM counted GROUP BY app
), has_policy AS (
  SELECT app FROM disclosed_sdk UNION SELECT app FROM statement
), judged AS (
  SELECT apps.app, worst.named,
    CASE WHEN worst.named IS NULL THEN 'no-sdk' WHEN has_policy.app IS NULL THEN 'needs-policy'
      WHEN worst.named = 0 THEN 'not-named' ELSE 'named' END AS reason
  FROM apps LEFT JOIN worst ON worst.app = apps.app LEFT JOIN has_policy ON has_policy.app = apps.app
)
SELECT judged.app, 'app' AS subject,
  CASE WHEN judged.reason = 'not-named' THEN 'violated' ELSE 'not-assessed' END AS status,
  judged.reason AS reason_key,
  json_object('n', counted.n, 'sdks', json(counted.names), 'sdks_zh', json(counted.names_zh)) AS params,
  counted.ids AS evidence_ids
FROM judged LEFT JOIN counted ON counted.app = judged.app AND counted.named = judged.named
