/*---
id = "pipl-51-3"
instrument = "pipl"
number.zh = "第五十一条第三项"
number.en = "51(3)"
severity = "medium"
decides = "indicated"
needs = ["setting"]
title.zh = "采取加密、去标识化等技术措施"
title.en = "Encryption, de-identification and similar technical measures"
explain.zh = "处理者要采取相应的技术措施防止信息泄露。允许明文传输、开启调试、开放备份等配置会削弱保护。"
explain.en = "Handlers must take technical measures against leaks. Settings such as cleartext traffic, debugging or open backup weaken protection."
safe_claim.zh = "信息 Y 发往代码中的 http:// 地址，或 S 处停用了 TLS 校验，或 Y 写入日志；就配置而言，只说安装包如此设置。"
safe_claim.en = "Data type Y is sent to an http:// address built in code / TLS verification is disabled at site S / Y is written to the log; of settings, no more than that the package sets them."
static_limit.zh = "配置允许明文，不等于个人信息真的以明文传输；服务器开关可能改变行为。代码里的加密没有查看。"
static_limit.en = "A setting that allows cleartext does not show that personal information travels in the clear; a server switch may change it. Encryption in code was not looked at."
remedy.zh = '在 <application> 上写 android:usesCleartextTraffic="false" android:allowBackup="false"（或用 android:dataExtractionRules 限定备份范围），发布时去掉 android:debuggable；网络安全配置不信任用户证书；组件写 android:exported="false"，或加 android:permission。'
remedy.en = 'On <application> write android:usesCleartextTraffic="false" android:allowBackup="false" (or limit backups by android:dataExtractionRules), and release without android:debuggable; do not trust user certificates; give components android:exported="false" or an android:permission.'
reasons.weakened.zh = "安装包有 {n} 类配置会削弱保护：{settings}。"
reasons.weakened.en = "The package has {n} kind(s) of settings that weaken protection: {settings}."
reasons.open-by-default.zh = "安装包有 {n} 类配置没有收紧（多为平台默认值或模板写法）：{settings}。仅凭这些不能说缺少技术措施；加密、去标识化等措施没有查看。"
reasons.open-by-default.en = "The package leaves {n} kind(s) of settings open, as the platform's defaults or project templates do: {settings}. Alone they do not show that measures are missing; encryption, de-identification and other measures were not looked at."
reasons.settings-only.zh = "查看过的配置都没有削弱保护；加密、去标识化等措施没有查看。"
reasons.settings-only.en = "None of the settings looked at weakens protection; encryption, de-identification and other measures were not looked at."

[words.cleartext-traffic]
zh = "允许明文传输"
en = "cleartext traffic is allowed"

[words.network-security-config]
zh = "网络配置文件放宽了信任范围"
en = "the network security configuration widens trust"

[words.debuggable]
zh = "可调试"
en = "the app can be debugged"

[words.allow-backup]
zh = "允许备份应用数据"
en = "app data can be backed up"

[words.exported-without-permission]
zh = "组件对外开放且无权限保护"
en = "components are open to other apps without a permission"

[[examples]]
expect = "suspected"
reason = "weakened"
setting = [
  { name = "cleartext-traffic", value = "allowed", scope = "app", origin = "manifest", effect = "weakens" },
  { name = "debuggable", value = "true", scope = "app", origin = "manifest", effect = "weakens" },
]

[[examples]]
expect = "not-assessed"
reason = "open-by-default"
setting = [
  { name = "cleartext-traffic", value = "allowed", scope = "app", origin = "platform-default", effect = "weakens" },
  { name = "allow-backup", value = "true", scope = "app", origin = "manifest", effect = "weakens" },
]

[[examples]]
expect = "not-assessed"
reason = "settings-only"
setting = [{ name = "cleartext-traffic", value = "forbidden", scope = "app", origin = "manifest", effect = "protects" }]
---*/
WITH weak AS (
  -- What the package states weighs more than what it leaves as it was; backup is open in every template.
  SELECT app, name, id, CASE WHEN origin = 'platform-default' OR name = 'allow-backup' THEN 0 ELSE 1 END AS stated FROM setting
  WHERE effect = 'weakens'
    AND name IN ('cleartext-traffic', 'network-security-config', 'debuggable', 'allow-backup', 'exported-without-permission')
), counted AS (
  SELECT app, max(stated) AS stated, count(DISTINCT name) AS n, json_group_array(name) AS names, group_concat(id) AS ids
  FROM weak GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN counted.stated = 1 THEN 'suspected' ELSE 'not-assessed' END AS status,
  CASE WHEN counted.stated = 1 THEN 'weakened' WHEN counted.n > 0 THEN 'open-by-default' ELSE 'settings-only' END AS reason_key,
  json_object('n', counted.n, 'settings', json(counted.names)) AS params,
  counted.ids AS evidence_ids
FROM apps LEFT JOIN counted ON counted.app = apps.app
