/*---
title.zh = "某个 SDK 的各版本分布在多少应用里？"
title.en = "Which versions of an SDK are in how many apps?"
explain.zh = "版本取自安装包自己的说明；没有说明的列在 unknown。"
explain.en = "The version is what the package states; where it states none, it is `unknown`."
bar = "apps"
[parameters.sdk]
zh = "SDK 标识，如 jpush"
en = "id of the SDK, such as jpush"
[columns]
version.zh = "版本"
version.en = "version"
apps.zh = "应用数"
apps.en = "apps"
example.zh = "其中一个应用的 SHA-256"
example.en = "SHA-256 of one of them"
---*/
SELECT coalesce(version, 'unknown') AS version, count(DISTINCT app) AS apps, min(app) AS example
FROM sdk
WHERE id = $sdk AND presence = 'bundled'
GROUP BY 1
ORDER BY apps DESC, version
