/*---
id = "app-method-2-1"
instrument = "app-method-2019"
number.zh = "第二条第1项"
number.en = "2.1"
severity = "high"
decides = "decided"
needs = ["disclosed_sdk", "sdk", "statement"]
notice.zh = "隐私政策未逐一列出App（含第三方代码、插件）收集使用个人信息的目的、方式、范围"
notice.en = "policy does not list purpose, manner and scope item by item"
title.zh = "没有逐一列出应用和第三方代码收集使用的目的、方式、范围"
title.en = "The policy does not list, item by item, what the app and third-party code collect and why"
explain.zh = "政策要把应用自己和每个第三方 SDK 收集什么、为什么、怎样收集，一项一项写清。"
explain.en = "The policy must say item by item what the app and each third-party SDK collect, why and how."
safe_claim.zh = "安装包里有 SDK X（附类名、版本），得到的政策文本没有写到它或它的提供方。"
safe_claim.en = "SDK X is present in the package (evidence: classes, version) and the policy text obtained does not name it or its provider."
static_limit.zh = "包里有代码可以确定，是否运行不能确定：嵌入的 SDK 可能从未初始化。应说“嵌入而未披露”，不说“已收集”。"
static_limit.en = "Presence of code can be decided, execution cannot: an embedded SDK may never be initialised. It is \"embedded and not disclosed\", not \"collected\"."
remedy.zh = "在政策的第三方清单里为每个 SDK 写明名称、提供方、收集的信息、目的和其政策链接；不用的 SDK 从依赖里去掉。"
remedy.en = "Give each SDK a row in the policy's third-party list: name, provider, data, purpose, link to its policy. Remove SDKs that are not used."
reasons.not-named.zh = "安装包里有 {n} 个第三方 SDK，读到的隐私政策没有写到它们：{sdks_zh}。"
reasons.not-named.en = "{n} third-party SDK(s) are in the package and the privacy policy that was read does not name them: {sdks}."
reasons.needs-policy.zh = "安装包里找到 {n} 个第三方 SDK，须与隐私政策核对，本次没有可核对的文本：{sdks_zh}。"
reasons.needs-policy.en = "{n} third-party SDK(s) were found in the package and have to be checked against the privacy policy, which this inspection did not have: {sdks}."
reasons.named.zh = "安装包里找到的 {n} 个 SDK，隐私政策里都写到了名称；逐项的目的、方式、范围是否写清，本次没有判断。"
reasons.named.en = "The privacy policy names all {n} SDK(s) found in the package; whether purpose, manner and scope are given for each was not judged."
reasons.no-sdk.zh = "没有在安装包里识别出已打包的第三方 SDK；应用自身的收集须对照隐私政策，本次没有核对。"
reasons.no-sdk.en = "No bundled third-party SDK was recognised in the package; what the app itself collects has to be checked against the privacy policy, which was not done."

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
