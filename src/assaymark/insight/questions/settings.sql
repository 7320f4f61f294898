/*---
title.zh = "哪些削弱保护的设置出现在多少应用里？"
title.en = "Which settings that weaken protection are in how many apps?"
explain.zh = "如明文传输、允许备份；设置的作用以平台文档为准。"
explain.en = "Such as cleartext traffic or backup; what a setting does is as the platform documents it."
bar = "apps"
[columns]
setting.zh = "设置"
setting.en = "setting"
value.zh = "取值"
value.en = "value"
apps.zh = "应用数"
apps.en = "apps"
---*/
SELECT name AS setting, value, count(DISTINCT app) AS apps
FROM setting
WHERE effect = 'weakens'
GROUP BY ALL
ORDER BY apps DESC, setting, value
