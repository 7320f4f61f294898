/*---
title.zh = "查找一个应用"
title.en = "Look an app up"
explain.zh = "按包名或名称的一部分查找；列出湖中的每个版本。"
explain.en = "By a part of its package name or label; every version in the lake is listed."
[parameters.name]
zh = "包名或名称的一部分"
en = "part of the package name or label"
[columns]
package.zh = "包名"
package.en = "package name"
label.zh = "名称"
label.en = "name"
version.zh = "版本"
version.en = "version"
target_sdk.zh = "目标 API 级别"
target_sdk.en = "target API level"
sha256.zh = "SHA-256"
sha256.en = "SHA-256"
---*/
SELECT package, coalesce(label_zh, label) AS label, version_name AS version, target_sdk, app AS sha256
FROM artifact
WHERE role IN ('package', 'base')
  AND (contains(lower(package), lower($name)) OR contains(lower(label), lower($name)) OR contains(label_zh, $name))
ORDER BY package, version_code, app
