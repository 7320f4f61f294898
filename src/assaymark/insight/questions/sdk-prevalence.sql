/*---
title.zh = "哪些 SDK 出现在多少应用里？"
title.en = "Which SDKs are in how many apps?"
explain.zh = "只计代码在包内的 SDK（bundled）。加固或原生代码可能藏有没有看到的 SDK。"
explain.en = "Only SDKs whose code is in the package count (bundled). Packed or native code may hide others."
bar = "apps"
[columns]
sdk.zh = "SDK 标识"
sdk.en = "id of the SDK"
vendor.zh = "提供者"
vendor.en = "who makes it"
apps.zh = "应用数"
apps.en = "apps"
share.zh = "占已检测应用的百分比"
share.en = "per cent of the inspected apps"
---*/
SELECT sdk.id AS sdk, min(sdk.vendor) AS vendor, count(DISTINCT sdk.app) AS apps,
       round(100.0 * count(DISTINCT sdk.app) / (SELECT count(*) FROM apps), 1) AS share
FROM sdk
WHERE sdk.presence = 'bundled'
GROUP BY sdk.id
ORDER BY apps DESC, sdk
