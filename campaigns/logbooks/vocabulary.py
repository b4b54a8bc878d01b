"""How people head the columns of logbooks, and what they write in them. Spelled folded, as `lists.vocabulary` does."""

from typing import Final

from campaigns.words import Channel, Purpose

_HEADERS: Final = {
    "at": (
        "thoi gian|thoi diem|ngay gio|thoi gian gui|thoi gian lien he|ngay gui|ngay lien he|ngay gap|ngay tham|ngay"
        "|ngay dong y|thoi gian dong y|thoi diem dong y|time|at|date|datetime|timestamp|date time|sent at|sent time"
        "|sent date|visited at|visit date|contacted at|contact date|contact time|consent date|consent time|consented at"
        "|consent at"
    ),
    "clock": "gio|gio gui|gio gap|hour|clock|time of day",
    "channel": (
        "kenh|kenh lien he|kenh gui|kenh dong y|hinh thuc|hinh thuc lien he|loai|channel|type|method|contact channel"
        "|consent channel"
    ),
    "purpose": "muc dich|muc dich lien he|muc dich dong y|purpose|consent purpose",
    "advertiser": "ben quang cao|nhan hang|thuong hieu|chu no|ben cho vay|advertiser|brand|creditor",
    "spoke": "da noi chuyen|noi chuyen|co noi chuyen|gap duoc|gap mat|co gap|spoke|talked|conversation|met|met him",
    "proof": "bang chung|bang chung dong y|chung tu|minh chung|proof|evidence|consent proof|reference|ref",
    "until": "den ngay|het han|ngay het han|hieu luc den|until|valid until|expires|expires at|expiry",
    "answer": "tra loi|dong y|y kien|lua chon|answer|consent|consents|granted|opt in|agreed",
}
FIELD_OF_HEADER: Final = {header: field for field, headers in _HEADERS.items() for header in headers.split("|")}

_CHANNELS: Final = {
    Channel.SMS: "sms|tin nhan|nhan tin|tin nhan sms|text|text message|message|brandname sms",
    Channel.ZALO: "zalo|zns|tin nhan zalo|zalo oa",
    Channel.EMAIL: "email|e mail|mail|thu dien tu",
    Channel.LETTER: "thu|thu tin|cong van|thu bao dam|letter|post",
    Channel.VISIT: (
        "gap|gap mat|gap truc tiep|truc tiep|tham|di tham|thuc dia|di thuc dia|den nha|visit|field|field visit"
        "|home visit|in person"
    ),
    Channel.CALL: "goi|goi dien|dien thoai|cuoc goi|call|phone|phone call|telephone",
}
CHANNELS: Final = {word: channel for channel, words in _CHANNELS.items() for word in words.split("|")}

_PURPOSES: Final = {
    Purpose.DEBT_REMINDER: "debt reminder|debt|nhac no|thu no|collection",
    Purpose.MARKETING: "marketing|tiep thi|quang cao|advertising|ads|sales|ban hang",
    Purpose.SERVICE: "service|cham soc khach hang|cham soc|cskh|care|customer care",
}
PURPOSES: Final = {word: purpose for purpose, words in _PURPOSES.items() for word in words.split("|")}

YES: Final = frozenset(
    ["co", "yes", "y", "true", "1", "x", "dong y", "ok", "da", "da gap", "gap duoc", "dung", "agree"]
)
NO: Final = frozenset(
    ["", "khong", "no", "n", "false", "0", "khong dong y", "tu choi", "chua", "khong gap", "khong gap duoc", "refuse"]
)
