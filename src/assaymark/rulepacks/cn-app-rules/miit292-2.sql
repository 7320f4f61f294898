/*---
id = "miit292-2"
instrument = "miit-2021-292"
number.zh = "双清单之二"
number.en = "list 2"
severity = "high"
decides = "decided"
needs = ["disclosed_sdk", "sdk", "statement"]
title.zh = "“与第三方共享个人信息清单”缺少包内的 SDK"
title.en = "The third-party sharing list lacks SDKs of the package"
explain.zh = "在二级菜单里列出给第三方的信息种类、用途、场景和共享方式。"
explain.en = "A second-level menu must list what is shared with third parties: kinds, purposes, situations, means."
safe_claim.zh = "安装包里有 SDK X，与第三方共享清单里没有它。"
safe_claim.en = "SDK X is in the package and not in the third-party sharing list."
static_limit.zh = "包里有代码可以确定，实际是否共享不能确定。"
static_limit.en = "Presence in the package is decidable, actual sharing is not."
remedy.zh = "把每个 SDK 写进第三方共享清单，不用的去掉。"
remedy.en = "Give every SDK a row in the sharing list, and remove those not used."
reasons.not-named.zh = "安装包里有 {n} 个第三方 SDK，读到的第三方共享清单没有写到它们：{sdks_zh}。"
reasons.not-named.en = "{n} third-party SDK(s) are in the package and the third-party list that was read does not name them: {sdks}."
reasons.needs-policy.zh = "安装包里找到 {n} 个第三方 SDK，须与第三方共享清单核对，本次没有可核对的文本：{sdks_zh}。"
reasons.needs-policy.en = "{n} third-party SDK(s) were found in the package and have to be checked against the third-party list, which this inspection did not have: {sdks}."
reasons.named.zh = "安装包里找到的 {n} 个 SDK，第三方共享清单里都写到了名称；逐项的目的、方式、范围是否写清，本次没有判断。"
reasons.named.en = "The third-party list names all {n} SDK(s) found in the package; whether purpose, manner and scope are given for each was not judged."
reasons.no-sdk.zh = "没有在安装包里识别出已打包的第三方 SDK；应用自身的收集须对照第三方共享清单，本次没有核对。"
reasons.no-sdk.en = "No bundled third-party SDK was recognised in the package; what the app itself collects has to be checked against the third-party list, which was not done."

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
