/// What `kubectl explain` tells of the fields that every object has.
enum CommonDescriptions {
    static let object = [
        "apiVersion": "APIVersion defines the group and the version of the schema in which the object is written.",
        "kind": "Kind is the name of the object's type, in CamelCase. It cannot be changed.",
        "metadata": "Standard object's metadata: what every object has, such as its name and its labels.",
    ]

    /// Of `ObjectMeta`.
    static let metadata = [
        "annotations": "Annotations are texts by key that tools keep on the object. They are not looked for.",
        "creationTimestamp":
            "CreationTimestamp is a timestamp that says when the server made the object. Clients cannot set it.",
        "deletionGracePeriodSeconds":
            "Seconds that the object is given to end once it is being deleted. Set by the server.",
        "deletionTimestamp":
            "DeletionTimestamp is the time at which the object is to be gone. Set by the server when a deletion is asked for.",
        "finalizers":
            "Finalizers name those who have something to do before the object goes. It goes when the list is empty.",
        "generateName": "GenerateName is the beginning of a name that the server completes, where no name is given.",
        "generation": "Generation counts the changes of what is wanted. Set by the server.",
        "labels": "Labels are texts by key by which objects are selected.",
        "managedFields": "ManagedFields says who has set which fields, for server-side apply.",
        "name": "Name is unique among the objects of its kind in a namespace. It cannot be changed.",
        "namespace": "Namespace is the space within which the name is unique; empty for objects of the whole cluster.",
        "ownerReferences": "OwnerReferences name the objects with which this one goes.",
        "resourceVersion": "ResourceVersion is a token for this state of the object. It changes with every write.",
        "uid": "UID tells the object from all others, also from those that had its name before. Set by the server.",
    ]
}
