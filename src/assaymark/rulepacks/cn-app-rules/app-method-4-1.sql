/*---
id = "app-method-4-1"
instrument = "app-method-2019"
number.zh = "第四条第1项"
number.en = "4.1"
severity = "medium"
decides = "indicated"
needs = ["gap"]
manifest = ["permission"]
notice.zh = "超范围收集个人信息"
notice.en = "collection beyond scope"
title.zh = "收集的信息或打开的权限与现有功能无关"
title.en = "Information or permissions that have nothing to do with the functions"
explain.zh = "应用要的权限应当都有对应的功能。声明了却没有代码使用的危险权限，最容易被认定为与功能无关。"
explain.en = "Every permission asked for should serve a function. A dangerous permission that no code uses is the plainest sign that it does not."
safe_claim.zh = "安装包声明了权限 P，但没有找到使用它的代码。"
safe_claim.en = "Permission P is declared and no code using it was found."
static_limit.zh = "声明而未见使用可以由程序指出；功能是否真的需要该权限，要由人判断。原生代码和动态加载的代码也可能使用权限。"
static_limit.en = "A program can point to declared permissions without use; whether a function needs one is for a person. Native code and code loaded later may use it too."
remedy.zh = '从 AndroidManifest.xml 删除没有用到的 <uses-permission>；由 SDK 合并进来的，写 <uses-permission android:name="android.permission.READ_CONTACTS" tools:node="remove" /> 去掉。其余的在用到时再申请。'
remedy.en = 'Delete the unused <uses-permission> lines from AndroidManifest.xml; where an SDK merges one in, write <uses-permission android:name="android.permission.READ_CONTACTS" tools:node="remove" />. Ask for the others when they are used.'
reasons.unused.zh = "声明了 {n} 项危险权限，但在已读取的代码里没有找到使用它们的调用：{permissions}。"
reasons.unused.en = "{n} dangerous permission(s) are declared and no code using them was found in the code that was read: {permissions}."
reasons.not-tracked.zh = "有 {n} 项危险权限不在接口目录的覆盖范围内，无法判断是否用到：{permissions}。"
reasons.not-tracked.en = "For {n} dangerous permission(s) the catalog of APIs cannot tell whether they are used: {permissions}."
reasons.present-only.zh = "有 {n} 项危险权限只见到使用迹象，没有找到从应用入口可到达的调用：{permissions}。"
reasons.present-only.en = "For {n} dangerous permission(s) there are signs of use, but no call that the app's entry points reach: {permissions}."
reasons.all-used.zh = "声明的 {n} 项危险权限，代码里都找到了对应的调用；是否为功能所需仍要由人判断。"
reasons.all-used.en = "For each of the {n} dangerous permission(s) declared, a call that needs it was found; whether a function needs it is for a person to say."
reasons.none-asked.zh = "安装包没有声明危险权限。"
reasons.none-asked.en = "The package declares no dangerous permission."

[[examples]]
expect = "suspected"
reason = "unused"
permission = [
  { name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "unused" },
  { name = "android.permission.RECORD_AUDIO", requested = true, protection = "dangerous", usage = "used" },
]

[[examples]]
expect = "satisfied"
reason = "all-used"
permission = [{ name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "used" }]

[[examples]]
expect = "not-assessed"
reason = "not-tracked"
permission = [{ name = "android.permission.UWB_RANGING", requested = true, protection = "dangerous", usage = "not-tracked" }]

[[examples]]
expect = "not-assessed"
reason = "present-only"
permission = [
  { name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "present-only" },
  { name = "android.permission.READ_SMS", requested = true, protection = "dangerous", usage = "used" },
]

[[examples]]
expect = "not-applicable"
reason = "none-asked"
permission = [{ name = "android.permission.INTERNET", requested = true, protection = "normal", usage = "used" }]

[[examples]]
expect = "not-assessed"
reason = "gap"
permission = [{ name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "unused" }]
gap = [{ kind = "packed", reason = "the code is packed", hides = ["api_call", "permission"], weight = "total" }]
---*/
WITH asked AS (
  SELECT app, count(*) AS n,
    sum(CASE WHEN usage = 'unused' THEN 1 ELSE 0 END) AS unused,
    sum(CASE WHEN usage = 'not-tracked' THEN 1 ELSE 0 END) AS untracked,
    sum(CASE WHEN usage = 'present-only' THEN 1 ELSE 0 END) AS signs
  FROM permission WHERE requested IS TRUE AND protection = 'dangerous' GROUP BY app
), shown AS (
  SELECT app, usage, json_group_array(replace(name, 'android.permission.', '')) AS names, group_concat(id) AS ids
  FROM permission WHERE requested IS TRUE AND protection = 'dangerous' GROUP BY app, usage
), blind AS (
  SELECT app, count(*) AS n, group_concat(id) AS ids FROM gap
  WHERE weight = 'total' AND hides LIKE '%"permission"%' GROUP BY app
), judged AS (
  SELECT apps.app, asked.n, asked.unused, asked.untracked, asked.signs, blind.n AS gaps, blind.ids AS gap_ids,
    CASE WHEN asked.n IS NULL THEN 'none-asked'
      WHEN asked.unused > 0 AND blind.n > 0 THEN 'gap'
      WHEN asked.unused > 0 THEN 'unused'
      WHEN asked.untracked > 0 THEN 'not-tracked'
      WHEN asked.signs > 0 THEN 'present-only'
      ELSE 'all-used' END AS reason
  FROM apps LEFT JOIN asked ON asked.app = apps.app LEFT JOIN blind ON blind.app = apps.app
)
SELECT judged.app, 'app' AS subject,
  CASE judged.reason WHEN 'unused' THEN 'suspected' WHEN 'all-used' THEN 'satisfied' WHEN 'none-asked' THEN 'not-applicable'
    ELSE 'not-assessed' END AS status,
  judged.reason AS reason_key,
  json_object('n', CASE judged.reason WHEN 'unused' THEN unused WHEN 'not-tracked' THEN untracked WHEN 'present-only' THEN signs ELSE n END,
    'permissions', json(shown.names), 'count', gaps) AS params,
  CASE WHEN judged.reason = 'gap' THEN gap_ids ELSE shown.ids END AS evidence_ids
FROM judged LEFT JOIN shown ON shown.app = judged.app
  AND shown.usage = CASE judged.reason WHEN 'unused' THEN 'unused' WHEN 'not-tracked' THEN 'not-tracked'
    WHEN 'present-only' THEN 'present-only' WHEN 'all-used' THEN 'used' END
