/*---
id = "app-method-1-4"
instrument = "app-method-2019"
number.zh = "第一条第4项"
number.en = "1.4"
severity = "low"
decides = "indicated"
needs = ["gap", "policy_reference"]
title.zh = "规则难以阅读，或没有简体中文版"
title.en = "The rules are hard to read, or there is no Simplified Chinese version"
explain.zh = "隐私政策要有简体中文，字号、颜色、行距要读得清。"
explain.en = "The policy must exist in Simplified Chinese, in type, colour and spacing that can be read."
safe_claim.zh = "得到的政策文本不是简体中文。"
safe_claim.en = "The policy text obtained is not in Simplified Chinese."
static_limit.zh = "只有语言部分能从文字判断；字号、颜色要看渲染后的页面。包内标题的语言只是线索。"
static_limit.en = "Only the language can be told from text; legibility needs the rendered page. The language of a title in the package is no more than a hint."
remedy.zh = "提供简体中文的隐私政策，并在资源文件里用中文标题链接它。"
remedy.en = "Provide the policy in Simplified Chinese and link it under a Chinese title in the resources."
reasons.no-chinese.zh = "安装包里找到 {n} 处隐私政策的标题，都不是中文：{titles}。政策文本本身没有读取。"
reasons.no-chinese.en = "The package holds {n} title(s) of a privacy policy, none of them in Chinese: {titles}. The policy text itself was not read."

[[examples]]
expect = "suspected"
reason = "no-chinese"
policy_reference = [{ kind = "title", value = "Privacy Policy", language = "en" }]

[[examples]]
expect = "not-assessed"
reason = "needs-policy"
policy_reference = [
  { kind = "title", value = "Privacy Policy", language = "en" },
  { kind = "title", value = "隐私政策", language = "zh" },
]

[[examples]]
expect = "not-assessed"
reason = "gap"
policy_reference = [{ kind = "title", value = "Privacy Policy", language = "en" }]
gap = [{ kind = "broken-resources", reason = "resources cannot be read", hides = ["policy_reference"], weight = "total" }]
---*/
WITH titles AS (
  SELECT app, count(*) AS n, max(CASE WHEN language LIKE 'zh%' THEN 1 ELSE 0 END) AS chinese,
    json_group_array(value) AS shown, group_concat(id) AS ids
  FROM policy_reference WHERE language IS NOT NULL GROUP BY app
), blind AS (
  SELECT app, count(*) AS n, group_concat(id) AS ids FROM gap WHERE hides LIKE '%"policy_reference"%' GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN titles.chinese = 0 AND blind.n IS NULL THEN 'suspected' ELSE 'not-assessed' END AS status,
  CASE WHEN titles.chinese = 0 AND blind.n > 0 THEN 'gap' WHEN titles.chinese = 0 THEN 'no-chinese' ELSE 'needs-policy' END AS reason_key,
  json_object('n', titles.n, 'titles', json(titles.shown), 'count', blind.n) AS params,
  coalesce(blind.ids, titles.ids) AS evidence_ids
FROM apps LEFT JOIN titles ON titles.app = apps.app LEFT JOIN blind ON blind.app = apps.app
