/*---
id = "miit337-7"
instrument = "miit-2019-337"
number.zh = "问题7"
number.en = "7"
severity = "medium"
decides = "indicated"
needs = ["gap", "permission"]
title.zh = "过度索取权限"
title.en = "Excessive permissions"
explain.zh = "没有对应功能就提前申请，或超出业务范围申请通讯录、定位等权限。"
explain.en = "Permissions such as contacts or location are asked for in advance or beyond the business."
safe_claim.zh = "声明了权限 P，没有找到使用它的代码。"
safe_claim.en = "Permission P is declared and no code using it was found."
static_limit.zh = "功能是否需要由人判断；提前申请要运行才能看到。"
static_limit.en = "Need is for a person to judge; early requests need a run."
remedy.zh = '从 AndroidManifest.xml 删除没有用到的 <uses-permission>；由 SDK 合并进来的，写 <uses-permission android:name="android.permission.READ_CONTACTS" tools:node="remove" /> 去掉。其余的在用到时再申请。'
remedy.en = 'Delete the unused <uses-permission> lines from AndroidManifest.xml; where an SDK merges one in, write <uses-permission android:name="android.permission.READ_CONTACTS" tools:node="remove" />. Ask for the others when they are used.'
reasons.unused.zh = "声明了 {n} 项危险权限，但在已读取的代码里没有找到使用它们的调用：{permissions}。"
reasons.unused.en = "{n} dangerous permission(s) are declared and no code using them was found in the code that was read: {permissions}."

[[examples]]
expect = "suspected"
reason = "unused"
permission = [
  { name = "android.permission.READ_CONTACTS", requested = true, protection = "dangerous", usage = "unused" },
  { name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "used" },
]

[[examples]]
expect = "not-assessed"
reason = "needs-run"
permission = [{ name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "used" }]

[[examples]]
expect = "not-assessed"
reason = "gap"
permission = [{ name = "android.permission.READ_CONTACTS", requested = true, protection = "dangerous", usage = "unused" }]
gap = [{ kind = "packed", reason = "the code is packed", hides = ["api_call", "permission"], weight = "total" }]
---*/
WITH unused AS (
  SELECT app, count(*) AS n, json_group_array(replace(name, 'android.permission.', '')) AS names, group_concat(id) AS ids
  FROM permission WHERE requested IS TRUE AND protection = 'dangerous' AND usage = 'unused' GROUP BY app
), blind AS (
  SELECT app, count(*) AS n, group_concat(id) AS ids FROM gap
  WHERE weight = 'total' AND hides LIKE '%"permission"%' GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN unused.n > 0 AND blind.n IS NULL THEN 'suspected' ELSE 'not-assessed' END AS status,
  CASE WHEN unused.n > 0 AND blind.n > 0 THEN 'gap' WHEN unused.n > 0 THEN 'unused' ELSE 'needs-run' END AS reason_key,
  json_object('n', unused.n, 'permissions', json(unused.names), 'count', blind.n) AS params,
  coalesce(blind.ids, unused.ids) AS evidence_ids
FROM apps LEFT JOIN unused ON unused.app = apps.app LEFT JOIN blind ON blind.app = apps.app
