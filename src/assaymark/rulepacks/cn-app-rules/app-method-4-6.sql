/*---
id = "app-method-4-6"
instrument = "app-method-2019"
number.zh = "第四条第6项"
number.en = "4.6"
severity = "medium"
decides = "indicated"
needs = ["artifact"]
manifest = ["permission"]
notice.zh = "APP强制、频繁、过度索取权限"
notice.en = "forced, frequent, excessive permission requests"
title.zh = "要求一次同意打开多个权限，否则不能用"
title.en = "Several permissions at once, or the app cannot be used"
explain.zh = "用户应当能逐项决定是否给权限。目标版本低于 23 的应用在安装时一次性拿到全部权限，用户无从选择。"
explain.en = "Users must be able to decide on each permission. An app that targets an API level below 23 is granted all of them at installation."
safe_claim.zh = "targetSdkVersion 低于 23，全部权限在安装时一并授予。"
safe_claim.en = "targetSdkVersion is below 23, so all permissions are granted at installation."
static_limit.zh = "目标版本可以确定；“不同意就不能用”要运行才能看到。"
static_limit.en = "The target level is a fact; whether the app cannot be used after refusal needs a run."
remedy.zh = "把 targetSdk 升到 23 以上（应用商店通常要求更高），例如 defaultConfig { targetSdk = 35 }，在用到功能时逐项调用 requestPermissions。"
remedy.en = "Raise targetSdk to 23 or more (stores ask for much more), for example defaultConfig { targetSdk = 35 }, and call requestPermissions for each permission when its function is used."
reasons.install-time.zh = "targetSdkVersion 为 {target}，低于 23，声明的 {n} 项危险权限在安装时一并授予。"
reasons.install-time.en = "targetSdkVersion is {target}, below 23, so the {n} dangerous permission(s) declared are granted together at installation."
reasons.none-asked.zh = "安装包没有声明危险权限。"
reasons.none-asked.en = "The package declares no dangerous permission."

[[examples]]
expect = "suspected"
reason = "install-time"
artifact = [{ role = "package", target_sdk = 22 }]
permission = [{ name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "used" }]

[[examples]]
expect = "not-assessed"
reason = "needs-run"
artifact = [{ role = "package", target_sdk = 34 }]
permission = [{ name = "android.permission.CAMERA", requested = true, protection = "dangerous", usage = "used" }]

[[examples]]
expect = "not-applicable"
reason = "none-asked"
artifact = [{ role = "package", target_sdk = 22 }]
---*/
WITH target AS (
  SELECT app, min(target_sdk) AS level, group_concat(id) AS ids FROM artifact WHERE role IN ('package', 'base') GROUP BY app
), asked AS (
  SELECT app, count(*) AS n, group_concat(id) AS ids FROM permission
  WHERE requested IS TRUE AND protection = 'dangerous' GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN asked.n IS NULL THEN 'not-applicable' WHEN target.level < 23 THEN 'suspected' ELSE 'not-assessed' END AS status,
  CASE WHEN asked.n IS NULL THEN 'none-asked' WHEN target.level < 23 THEN 'install-time' ELSE 'needs-run' END AS reason_key,
  json_object('target', target.level, 'n', asked.n) AS params,
  target.ids || ',' || asked.ids AS evidence_ids
FROM apps LEFT JOIN target ON target.app = apps.app LEFT JOIN asked ON asked.app = apps.app
