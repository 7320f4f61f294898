/*---
id = "miit164-5"
instrument = "miit-2020-164"
number.zh = "第5项"
number.en = "5"
severity = "high"
decides = "indicated"
needs = ["gap", "permission"]
notice.zh = "APP强制、频繁、过度索取权限"
notice.en = "forced, frequent, excessive permission requests"
title.zh = "APP强制、频繁、过度索取权限"
title.en = "Forced, frequent, excessive permission requests"
explain.zh = "拒绝无关权限就退出、被拒后反复弹窗、提前或超范围申请权限，都在此列。"
explain.en = "Quitting on refusal of an unrelated permission, repeated prompts, and permissions asked for in advance or beyond need."
safe_claim.zh = "权限组 G 在启动路径上申请，早于任何用到它的功能。声明而未见使用的，只说“未找到使用它的代码”。"
safe_claim.en = "Permission group G is requested on the start path before any function that uses it; of a declared one without use, no more than that no code using it was found."
static_limit.zh = "提前申请和拒绝后的表现要运行才能看到；声明而未见使用只是过度申请的线索。"
static_limit.en = "Early requests and behaviour after refusal need a run; a declaration without use is only a hint of excess."
remedy.zh = '删去没有用到的权限声明，例如 <uses-permission android:name="android.permission.READ_CONTACTS" tools:node="remove" />；在用户点到功能时再调用 requestPermissions，被拒后不重复弹窗。'
remedy.en = 'Delete unused permissions, for example by <uses-permission android:name="android.permission.READ_CONTACTS" tools:node="remove" />; call requestPermissions when the user turns to the function, and not again after a refusal.'
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
