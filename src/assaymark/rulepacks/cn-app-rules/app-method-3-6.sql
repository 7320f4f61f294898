/*---
id = "app-method-3-6"
instrument = "app-method-2019"
number.zh = "第三条第6项"
number.en = "3.6"
severity = "medium"
decides = "indicated"
needs = ["sdk"]
notice.zh = "强制用户使用定向推送功能"
notice.en = "forced targeted push"
title.zh = "定向推送没有提供非定向的选项"
title.en = "Targeted content without a non-targeted option"
explain.zh = "利用个人信息和算法做定向推送的，要让用户能选不定向的内容。"
explain.en = "Where personal information and algorithms target content, the user must be able to choose content that is not targeted."
safe_claim.zh = "政策或 SDK 显示有定向推送，政策、资源和代码里没有找到关闭的说明或开关。"
safe_claim.en = "The policy or SDK set shows targeted push, and no opt-out wording or switch was found in policy, resources or code."
static_limit.zh = "广告 SDK 在包里不等于做了定向推送；开关是否有效在服务器一侧。"
static_limit.en = "An advertising SDK in the package does not by itself mean targeting; whether a switch works is a matter of the server."
remedy.zh = "在设置里提供“个性化推荐”“个性化广告”开关，关闭时调用广告 SDK 的限制个性化接口。"
remedy.en = "Offer switches for personalised content and personalised ads, and call the limiting options of the advertising SDKs when they are off."
reasons.needs-policy.zh = "安装包里有 {n} 个广告类 SDK（{sdks_zh}）；有无定向推送、能否关闭，须看政策和界面，本次没有核对。"
reasons.needs-policy.en = "The package holds {n} advertising SDK(s) ({sdks}); whether content is targeted, and can be switched off, is for the policy and the screens, which were not checked."

[[examples]]
expect = "not-assessed"
reason = "needs-policy"
sdk = [{ id = "ads-a", name = "Ads A", purpose = "advertising", presence = "bundled", confidence = "high" }]

[[examples]]
expect = "not-assessed"
reason = "manual"
sdk = [{ id = "map-a", name = "Map A", purpose = "map", presence = "bundled", confidence = "high" }]
---*/
WITH found AS (
  SELECT app, count(*) AS n, json_group_array(name) AS names, json_group_array(coalesce(name_zh, name)) AS names_zh, group_concat(id) AS ids
  FROM sdk WHERE presence = 'bundled' AND purpose = 'advertising' GROUP BY app
)
SELECT apps.app, 'app' AS subject, 'not-assessed' AS status,
  CASE WHEN found.n > 0 THEN 'needs-policy' ELSE 'manual' END AS reason_key,
  json_object('n', found.n, 'sdks', json(found.names), 'sdks_zh', json(found.names_zh)) AS params,
  found.ids AS evidence_ids
FROM apps LEFT JOIN found ON found.app = apps.app
