/*---
id = "pipl-6"
instrument = "pipl"
number.zh = "第六条"
number.en = "6"
severity = "medium"
decides = "needs-person"
needs = ["api_call", "permission", "setting"]
title.zh = "目的明确合理、直接相关，收集限于最小范围"
title.en = "Clear purpose, direct relation, and no more than the minimum"
explain.zh = "收集要限于实现目的的最小范围，并采用对个人影响最小的方式。"
explain.en = "Collection is limited to the minimum for the purpose, in the way that affects people least."
safe_claim.zh = "列出需要由人权衡的事实：未见使用的危险权限、不可变更的识别码、应用列表、剪贴板。"
safe_claim.en = "Facts for a person to weigh: dangerous permissions without use, unchangeable identifiers, app lists, the clipboard."
static_limit.zh = "是否为最小范围要结合功能由人判断。"
static_limit.en = "Whether it is the minimum is for a person who knows the function."
remedy.zh = '删去未用的权限，改用可重置的标识，用 <queries><package android:name="要查询的包名" /></queries> 代替 QUERY_ALL_PACKAGES 和读取全部应用列表。'
remedy.en = 'Delete unused permissions, use resettable identifiers, and declare <queries><package android:name="the package asked for" /></queries> instead of QUERY_ALL_PACKAGES and reading the whole app list.'
reasons.manual.zh = "有 {n} 项事实需要由人权衡是否为最小范围：{facts}。"
reasons.manual.en = "{n} fact(s) for a person to weigh against the minimum: {facts}."
reasons.nothing-to-weigh.zh = "在已读取的内容里没有找到这类需要权衡的事实；是否为最小范围仍由人判断。"
reasons.nothing-to-weigh.en = "No such facts to weigh were found in what was read; whether it is the minimum remains for a person."

[words.unused-permission]
zh = "危险权限声明后未见使用"
en = "dangerous permissions declared and not seen in use"

[words.fixed-identifier]
zh = "读取不可变更的识别码"
en = "unchangeable identifiers are read"

[words.installed-apps]
zh = "读取应用列表"
en = "the list of apps is read"

[words.clipboard]
zh = "读取剪贴板"
en = "the clipboard is read"

[words.query-all-packages]
zh = "声明可查看全部应用"
en = "the right to see all apps is asked for"

[[examples]]
expect = "not-assessed"
reason = "manual"
api_call = [
  { data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "app", reachable = true },
  { data = "clipboard", api = "android.content.ClipboardManager.getPrimaryClip", owner = "app", reachable = true },
]
permission = [{ name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "unused" }]
setting = [{ name = "query-all-packages", value = "requested", scope = "app", origin = "manifest", effect = "observes-others" }]

[[examples]]
expect = "not-assessed"
reason = "nothing-to-weigh"
---*/
WITH facts AS (
  SELECT app, 'unused-permission' AS fact, id FROM permission WHERE requested IS TRUE AND protection = 'dangerous' AND usage = 'unused'
  UNION ALL
  SELECT app, CASE WHEN data IN ('clipboard', 'installed-apps') THEN data ELSE 'fixed-identifier' END AS fact, id FROM api_call
  WHERE reachable IS NOT FALSE
    AND data IN ('clipboard', 'installed-apps', 'imei', 'meid', 'serial', 'sim-identifier', 'imsi', 'iccid', 'mac', 'bluetooth-mac')
  UNION ALL
  SELECT app, name AS fact, id FROM setting WHERE name = 'query-all-packages'
), found AS (
  SELECT app, count(DISTINCT fact) AS n, json_group_array(fact) AS facts, group_concat(id) AS ids FROM facts GROUP BY app
)
SELECT apps.app, 'app' AS subject, 'not-assessed' AS status,
  CASE WHEN found.n > 0 THEN 'manual' ELSE 'nothing-to-weigh' END AS reason_key,
  json_object('n', found.n, 'facts', json(found.facts)) AS params,
  found.ids AS evidence_ids
FROM apps LEFT JOIN found ON found.app = apps.app
