/*---
title.zh = "哪些敏感权限声明了却没有看到使用？"
title.en = "Which dangerous permissions are asked for and not seen in use?"
explain.zh = "以接口目录所及为限；原生代码和之后加载的代码可能用到。"
explain.en = "As far as the catalog of APIs goes; native code and code loaded later may use them."
bar = "unused"
[columns]
permission.zh = "权限"
permission.en = "permission"
asked.zh = "声明它的应用数"
asked.en = "apps that ask for it"
unused.zh = "其中没有看到使用的应用数"
unused.en = "of these, apps in which no use was seen"
---*/
SELECT name AS permission, count(DISTINCT app) AS asked,
       count(DISTINCT app) FILTER (WHERE usage = 'unused') AS unused
FROM permission
WHERE requested AND protection = 'dangerous'
GROUP BY name
HAVING count(*) FILTER (WHERE usage = 'unused') > 0
ORDER BY unused DESC, permission
